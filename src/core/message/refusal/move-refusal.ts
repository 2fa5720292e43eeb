import type { Location } from '../../manifest/parse.ts'
import type { MoveRefusal } from '../../rollout/move.ts'
import type { WeightRefusal } from '../../traffic/reweigh.ts'
import type { StartRefusal } from '../../traffic/start.ts'
import { code, list } from '../markdown/markdown.ts'

/** Why a change of weights or versions cannot be made in the files. */
export function explainMove(refusal: MoveRefusal): string {
  const place = placeOf(refusal)
  switch (refusal.code) {
    case 'some-callers':
      return `So far only requests that match rule ${code(refusal.rule)} at ${placeOf(refusal)} (by a header, for example) have reached the canary, so Perch does not make its version the stable one for everybody. Split a rule that all requests reach, or change the stable version in a pull request.`
    case 'no-version':
      return `Perch cannot see how the versions behind the route at ${place} are set: there is no DestinationRule subset or Service selector with the same label keys for both. In a pull request of your own, change the stable version to the canary's. Then the weights follow.`
    case 'role-label':
      return explainRoleLabel(refusal)
    case 'chart-version':
      return explainChartVersion(refusal)
    case 'unclear':
      return explainUnclear(refusal)
    case 'shared-value':
      return `The weight comes from the value at ${place}, which ${list(refusal.users)} share, so it cannot be changed for ${code(refusal.environment)} alone. Change it for all of them with \`--env all\`, or give ${code(refusal.environment)} a value of its own, in its own values file or patch, and comment again.`
    case 'computed-weight':
      return refusal.isWeight
        ? `A Helm chart takes a weight of ${code(refusal.name)} from the value ${code(refusal.value)} at ${place}, but with the number that you asked for it does not render the wanted weights alone. Ask for a share that the chart can express, such as a whole percentage, or change the chart.`
        : `A Helm chart computes the weights of ${code(refusal.name)} from the value ${code(refusal.value)} at ${place}. Perch changes only whole numbers that become weights as they are. Change the value in a pull request of your own, or let the chart take the weights themselves from the values.`
    case 'rendered-weight':
      if (refusal.by === 'kustomization')
        return `The weights of ${code(refusal.name)} come from values of the Application at ${place}, which a kustomization changes. Perch does not edit such a change. Put the weights into a values file, name that file under \`valueFiles\` in the Application, and comment again.`
      return `The weights of ${code(refusal.name)} come from values that the chart template at ${place} renders into a release. Perch does not change what a template renders. Put the weights into a values file, name that file under \`valueFiles\` (\`valuesFiles\` in a HelmRelease) in the template, and comment again.`
    case 'no-layer':
      return `${list(refusal.users)} share ${place}, and environment ${code(refusal.environment)} has no kustomization of its own for a patch. Change all of them with \`--env all\`, or give this environment its own file.`
    case 'anchored':
    case 'aliased':
      return `The value at ${place} is a YAML ${refusal.code === 'anchored' ? 'anchor' : 'alias'}: a change of it would change other places too. Write the value itself in each place.`
    case 'block-text':
    case 'no-place':
      return `The value at ${place} is written in a way that Perch cannot change exactly. Write it as a plain value on its own line.`
    case 'odd-number':
      return `The number at ${place} is not a plain decimal number (it has quotes, a tag or a decimal point, or a form such as \`010\` that YAML parsers read differently). Write it as \`10\`, for example.`
    case 'template':
      return `The object at ${place} is a template (\`{{ … }}\`): the rendered manifest is not in this file. Commit the rendered manifest, or change the value there.`
    case 'would-leak':
      return `A change of ${place} would also have changed something else in the file, so nothing was written. Please simplify the YAML there.`
    case 'no-roles':
    case 'no-delegate':
    case 'which-service':
    case 'no-canary':
    case 'which-canary':
    case 'no-subset':
      return explainStart(refusal)
    case 'several-services':
    case 'no-room':
    case 'several-of-a-role':
    case 'ports-differ':
    case 'not-divisible':
    case 'sum-must-be-100':
    case 'invalid-weight':
    case 'sum-too-large':
    case 'no-such-rule':
    case 'rule-not-split':
      return explainWeights(refusal)
  }
}

function explainRoleLabel(refusal: Extract<MoveRefusal, { code: 'role-label' }>): string {
  const { title, label, stable, canary } = refusal
  return `${code(title)} at ${placeOf(refusal)} picks pods by the label ${code(label)}, which is ${code(stable)} or ${code(canary)}: it names the role of a pod, not its version. If Perch gave the stable version the label of the canary, every later canary would get all requests at once. In a pull request of your own, let the stable workload run what the canary runs. When its pods are ready, comment \`/canary 0\`: that sends all traffic to the stable version and ends the rollout.`
}

/** What a person has to write if a chart decides which version is stable. */
function explainChartVersion(refusal: Extract<MoveRefusal, { code: 'chart-version' }>): string {
  const { environment, valuesFile } = refusal
  const home = valuesFile === undefined ? `the values of ${code(environment)}` : code(valuesFile)
  const needs = refusal.values.map(({ title, field, was, wanted, file, others }) => {
    const goal = wanted === undefined ? 'have what the canary has' : `be ${code(wanted)}`
    const now = was === undefined ? '' : ` instead of ${code(was)}`
    const shared = others.length === 0 ? '' : `, which ${list(others)} ${others.length === 1 ? 'uses' : 'use'} too`
    const source = file === undefined ? '' : ` (it comes from ${code(file)}${shared})`
    return `${code(`${title} ${field}`)} must ${goal}${now}${source}`
  })
  return `A Helm chart sets the stable version of ${code(refusal.name)}. Perch tried to change its values, but found no change that sets this version and nothing else. In the rendered manifests of ${code(environment)}, ${needs.join('; ')}. Set that in ${home}, in a pull request of your own. Then the weights follow.`
}

function explainUnclear(refusal: Extract<MoveRefusal, { code: 'unclear' }>): string {
  const [place, name] = [placeOf(refusal), code(refusal.name)]
  switch (refusal.why) {
    case 'selector':
      return `Only kustomize can tell whether the patch at ${place} is for ${name}: its target selects by labels, or by a complex pattern. Name the object there (\`kind\` and \`name\`), and comment again.`
    case 'patch':
      return `Only kustomize can tell how the patch at ${place} changes ${name}: it has a directive or an operation that Perch does not follow, or one that fails. Write it with plain values or \`add\`, \`replace\`, \`remove\` and \`test\`, and comment again.`
    case 'replacement':
      return `The kustomize replacement at ${place} sets the weights of ${name}. Perch tried changes, but none of them renders the wanted weights. Change the source of the replacement, or remove its field paths.`
    case 'schema':
      return `The OpenAPI schema at ${place} sets how patches of ${name} are merged. Perch tried changes, but none of them renders the wanted weights. Change them by hand, or write the patch as JSON 6902.`
    case 'transformer':
      return `The transformer at ${place} can set the weights of ${name}. Perch tried changes, but none of them renders the wanted weights. Change them there by hand.`
    case 'variable':
      return `${name} uses the variables at ${place}. Perch tried changes, but none of them renders the wanted weights. Change the source of the variable.`
    case 'chart':
      return `A Helm chart creates ${name} at ${place} from values, and Perch found no numbers in the values of this environment alone that set the weights. Let the template take the weights from a values file that only this environment uses, and comment again.`
    case 'deployers':
      return `${place} adds something to the build that sets the weights of ${name}, and others deploy this folder with different additions. Give each an environment of its own in \`.github/canary.yml\`: the same \`path\`, and \`deployer\` with the name of the Application or Kustomization, or with its file.`
    case 'twice':
      return `The environment builds ${name} at ${place} in two different ways, from the same file. Give each of them a file of its own, so that a change for one does not reach the other.`
  }
}

function explainWeights(refusal: WeightRefusal): string {
  const rule = `Rule ${code(refusal.rule)} at ${placeOf(refusal)}`
  switch (refusal.code) {
    case 'no-room':
      return `Not possible at ${placeOf(refusal)}: the other destinations of rule ${code(refusal.rule)} keep their weights, so the canary can have at most **${refusal.most}%**. Ask for that or less, or lower the others first.`
    case 'several-services': {
      const choices = refusal.services.map(({ service, rules }) => `${code(service)} in ${list(rules)}`)
      return `${code(refusal.route)} at ${placeOf(refusal)} splits the traffic of several services: ${choices.join(', ')}. In \`.github/canary.yml\`, name the rules of the service to move (\`services.<name>.route.rules\`), so that the others stay as they are.`
    }
    case 'several-of-a-role':
      return `${rule} has more than one stable or canary destination. Name them in \`.github/canary.yml\`, or merge the entries.`
    case 'ports-differ':
      return `${rule} sends stable and canary to different ports, so it is not one service. Give both destinations the same port.`
    case 'not-divisible':
      return `The weights of rule ${code(refusal.rule)} at ${placeOf(refusal)} sum to ${refusal.total}, which cannot express that share in whole numbers. Use another share, or a total of 100.`
    case 'sum-must-be-100':
      return refusal.total === 100
        ? `${rule} must sum to 100 (\`requireSum100\` in \`.github/canary.yml\`), which cannot express that share in whole numbers. Ask for a whole percent.`
        : `The weights of rule ${code(refusal.rule)} at ${placeOf(refusal)} sum to ${refusal.total}, but \`requireSum100\` in \`.github/canary.yml\` requires 100. Fix them first.`
    case 'invalid-weight':
      return explainWeight(refusal)
    case 'sum-too-large':
      return `The weights of rule ${code(refusal.rule)} at ${placeOf(refusal)} sum to ${refusal.total}, more than Envoy accepts. Use smaller weights first.`
    case 'no-such-rule':
      return `\`.github/canary.yml\` names rule ${code(refusal.rule)}, but ${code(refusal.route)} at ${placeOf(refusal)} has no rule with destinations of that name. Correct the config.`
    case 'rule-not-split':
      return `\`.github/canary.yml\` names rule ${code(refusal.rule)} (${placeOf(refusal)}), which has no stable and canary destination. Add the one that is missing, or remove the rule from the config.`
  }
}

function explainWeight(refusal: Extract<WeightRefusal, { code: 'invalid-weight' }>): string {
  const { weight, most, source } = refusal
  const rule = `rule ${code(refusal.rule)} at ${placeOf(refusal)}`
  if (/^"\$[{(]/.test(weight))
    return `Rule ${code(refusal.rule)} at ${placeOf(refusal)} has the weight ${code(weight)}, a variable whose value is not in this repository. Write a number there, or put the value into the Flux Kustomization (\`postBuild.substitute\`) or a ConfigMap of this repository.`
  if (weight.startsWith('"ENC['))
    return `The weight of ${rule} is encrypted with sops, so Perch can neither read nor change it. Leave weights out of the encryption (\`encrypted_regex\`), and comment again.`
  const wrong = `which is not a whole number from 0 to ${most}. The cluster refuses it.`
  if (source === 'chart')
    return `A Helm chart renders the weight ${code(weight)} for ${rule}, ${wrong} Correct the value that the weight comes from, or the template, in a pull request of your own.`
  if (source !== undefined)
    return `${placeOf(source)} fills in the weight ${code(weight)} for ${rule}, ${wrong} Correct the value of the variable in a pull request of your own.`
  return `Rule ${code(refusal.rule)} at ${placeOf(refusal)} has the weight ${code(weight)}, ${wrong} Fix it first.`
}

function explainStart(refusal: StartRefusal): string {
  const place = placeOf(refusal)
  const route = code(refusal.route)
  switch (refusal.code) {
    case 'no-roles':
      return `Perch cannot tell which destination of ${route} at ${place} is stable and which is the canary: it has ${list(refusal.destinations)}. Name them in \`.github/canary.yml\` (\`services.<name>.stable\` and \`canary\`), or in an annotation \`<prefix>/roles: "stable=…,canary=…"\` on the object.`
    case 'no-delegate':
      return `${route} at ${place} has no weights of its own: it delegates to ${list(refusal.delegates)}, which no file of this environment contains. Comment in the repository that has the file, or add the file here.`
    case 'which-service':
      return `${route} at ${place} sends traffic to ${list(refusal.destinations)}, and Perch cannot tell which of them is the stable version. Name it (\`services.<name>.stable\`) or the rules (\`route.rules\`) in \`.github/canary.yml\`.`
    case 'no-canary':
      return `${route} has one destination at ${place}, and Perch cannot find its canary. Add a DestinationRule subset ${code('canary')} for host ${code(refusal.host)}, or a Service ${code(refusal.service)}, or name it in \`.github/canary.yml\` (\`services.<name>.canary\`).`
    case 'which-canary':
      return `${route} has one destination at ${place}, and its host ${code(refusal.host)} has more than one canary subset: ${list(refusal.subsets)}. Name one of them in \`.github/canary.yml\` (\`services.<name>.canary\`).`
    case 'no-subset': {
      const known = refusal.subsets.length === 0 ? 'no subsets' : `the subsets ${list(refusal.subsets)}`
      return `The canary next to ${place} needs subset ${code(refusal.wanted)} of host ${code(refusal.host)}, but the DestinationRule has ${known}. Add the subset in an earlier pull request, so that the proxies know it before they get traffic for it.`
    }
  }
}

function placeOf({ file, line }: Location): string {
  return code(`${file}:${line}`)
}
