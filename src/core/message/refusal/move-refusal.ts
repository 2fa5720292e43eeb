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
      return `Only requests that rule ${code(refusal.rule)} at ${placeOf(refusal)} matches (by a header or the like) have reached the canary. Perch does not make its version the stable one for all requests. Split a rule that all requests reach, or change the stable version in a pull request.`
    case 'no-version':
      return `Perch cannot see how the versions behind the route at ${place} are set: no DestinationRule subset or Service selector with the same label keys for both. Make the stable version the canary's in a pull request of your own; the weights follow then.`
    case 'role-label':
      return explainRoleLabel(refusal)
    case 'chart-version':
      return explainChartVersion(refusal)
    case 'unclear':
      return explainUnclear(refusal)
    case 'shared-value':
      return `The weight comes from the value at ${place}, which ${list(refusal.users)} share, so it cannot be changed for ${code(refusal.environment)} alone. Change it for all of them with \`--env all\`, or give ${code(refusal.environment)} a value of its own, in its own values file or patch, and comment again.`
    case 'no-layer':
      return `${place} is used by ${list(refusal.users)}, and environment ${code(refusal.environment)} has no kustomization of its own in which a patch could change it alone. Change all of them with \`--env all\`, or give it a file of its own.`
    case 'anchored':
    case 'aliased':
      return `The value at ${place} is a YAML ${refusal.code === 'anchored' ? 'anchor' : 'alias'}: changing it would change other places too. Write it out in each place.`
    case 'block-text':
    case 'no-place':
      return `The value at ${place} is written in a way that Perch cannot change exactly. Write it as a plain value on its own line.`
    case 'odd-number':
      return `The number at ${place} is not a plain decimal number (it has quotes or a tag, or a form such as \`010\` that YAML parsers read differently). Write it as \`10\`, for example.`
    case 'template':
      return `The object at ${place} is a template (\`{{ … }}\`): the rendered manifest is not in this file. Commit the rendered manifest, or change the value there.`
    case 'would-leak':
      return `Changing ${place} would have changed something else in the file too, so nothing was written. Please simplify the YAML there.`
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

/** What is to be written where a chart decides which version is stable. */
function explainChartVersion(refusal: Extract<MoveRefusal, { code: 'chart-version' }>): string {
  const { environment, valuesFile } = refusal
  const home = valuesFile === undefined ? `the values of ${code(environment)}` : code(valuesFile)
  const needs = refusal.values.map(({ title, field, was, wanted, file, others }) => {
    const goal = wanted === undefined ? 'have what the canary has' : `be ${code(wanted)}`
    const now = was === undefined ? '' : `, now ${code(was)}`
    const shared = others.length === 0 ? '' : `, which ${list(others)} ${others.length === 1 ? 'uses' : 'use'} too`
    const source = file === undefined ? '' : ` (it comes from ${code(file)}${shared})`
    return `${code(`${title} ${field}`)} must ${goal}${now}${source}`
  })
  return `A Helm chart makes the stable version of ${code(refusal.name)}, and no change of values that Perch tried made it the canary's and changed nothing else. In the rendered manifests of ${code(environment)}: ${needs.join('; ')}. Set that in ${home}, in a pull request of your own; the weights follow then.`
}

function explainUnclear(refusal: Extract<MoveRefusal, { code: 'unclear' }>): string {
  const [place, name] = [placeOf(refusal), code(refusal.name)]
  switch (refusal.why) {
    case 'selector':
      return `Only kustomize can tell whether the patch at ${place} is for ${name}: its target selects by labels, or by a pattern that is not plain. Name the object there (\`kind\` and \`name\`), and comment again.`
    case 'patch':
      return `Only kustomize can tell what the patch at ${place} makes of ${name}: it has a directive or an operation that Perch does not follow, or one that fails. Write it with plain values or \`add\`, \`replace\`, \`remove\` and \`test\`, and comment again.`
    case 'replacement':
      return `The kustomize replacement at ${place} writes the weights of ${name}, and no change that Perch tried renders the wanted ones. Change them where it takes them from, or take its field paths out.`
    case 'schema':
      return `The OpenAPI schema at ${place} says how patches of ${name} are merged, and no change that Perch tried renders the wanted weights. Change them by hand, or write the patch as JSON 6902.`
    case 'transformer':
      return `The transformer at ${place} can write the weights of ${name}, and no change that Perch tried renders the wanted ones. Change them there by hand.`
    case 'variable':
      return `The variables at ${place} are put into ${name}, and no change that Perch tried renders the wanted weights. Change them where the variable takes its value from.`
    case 'chart':
      return `A Helm chart makes ${name} at ${place} of values, and Perch found no numbers in this environment's own values that set what it wants to change. Put the weights into a values file of this environment alone, and comment again.`
    case 'deployers':
      return `What ${place} adds to the build sets the weights of ${name}, and others deploy this folder with different additions. Give each an environment of its own in \`.github/canary.yml\`: the same \`path\`, and \`deployer\` with the name of the Application or Kustomization, or with its file.`
    case 'twice':
      return `The environment builds ${name} at ${place} in two different ways, from the same file. Give each of them a file of its own, so that a change for one does not reach the other.`
  }
}

function explainWeights(refusal: WeightRefusal): string {
  const rule = `Rule ${code(refusal.rule)} at ${placeOf(refusal)}`
  switch (refusal.code) {
    case 'no-room':
      return `Not possible at ${placeOf(refusal)}: the other destinations of rule ${code(refusal.rule)} keep their weights, which leaves the canary at most **${refusal.most}%**. Ask for that or less, or lower the others first.`
    case 'several-services': {
      const choices = refusal.services.map(({ service, rules }) => `${code(service)} by ${list(rules)}`)
      return `${code(refusal.route)} at ${placeOf(refusal)} splits several services: ${choices.join(', ')}. Name the rules of the one to move in \`.github/canary.yml\` (\`services.<name>.route.rules\`), so that the others stay as they are.`
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
        : `The weights of rule ${code(refusal.rule)} at ${placeOf(refusal)} sum to ${refusal.total}, and \`requireSum100\` in \`.github/canary.yml\` wants 100. Fix them first.`
    case 'invalid-weight':
      if (/^"\$[{(]/.test(refusal.weight))
        return `${rule} has the weight ${code(refusal.weight)}, a variable whose value is not in this repository. Write a number there, or put the value into the Flux Kustomization (\`postBuild.substitute\`) or a ConfigMap of this repository.`
      return `${rule} has the weight ${code(refusal.weight)}, which is not a whole number from 0 to ${refusal.most}. The cluster refuses it. Fix it first.`
    case 'sum-too-large':
      return `The weights of rule ${code(refusal.rule)} at ${placeOf(refusal)} sum to ${refusal.total}, more than Envoy accepts. Use smaller weights first.`
    case 'no-such-rule':
      return `\`.github/canary.yml\` names rule ${code(refusal.rule)}, and ${code(refusal.route)} at ${placeOf(refusal)} has no rule with destinations of that name. Correct it there.`
    case 'rule-not-split':
      return `\`.github/canary.yml\` names rule ${code(refusal.rule)} (${placeOf(refusal)}), which has no stable and canary destination. Add the one that is missing, or take the name out.`
  }
}

function explainStart(refusal: StartRefusal): string {
  const place = placeOf(refusal)
  const route = code(refusal.route)
  switch (refusal.code) {
    case 'no-roles':
      return `Perch cannot tell which destination of ${route} at ${place} is stable and which is the canary: it has ${list(refusal.destinations)}. Name them in \`.github/canary.yml\` (\`services.<name>.stable\` and \`canary\`), or in an annotation \`<prefix>/roles: "stable=…,canary=…"\` on the object.`
    case 'no-delegate':
      return `${route} at ${place} has no weights of its own: it delegates to ${list(refusal.delegates)}, which is in no file of this environment. Comment in the repository that has the file, or add the file here.`
    case 'which-service':
      return `${route} at ${place} sends traffic to ${list(refusal.destinations)}, and Perch cannot tell which of them is the stable version of the canary. Name the stable one (\`services.<name>.stable\`) or the rules (\`route.rules\`) in \`.github/canary.yml\`.`
    case 'no-canary':
      return `${route} has one destination at ${place}, and Perch cannot find its canary. Add a DestinationRule subset ${code('canary')} for host ${code(refusal.host)}, or a Service ${code(refusal.service)}, or name it in \`.github/canary.yml\` (\`services.<name>.canary\`).`
    case 'which-canary':
      return `${route} has one destination at ${place}, and its host ${code(refusal.host)} has more than one canary subset: ${list(refusal.subsets)}. Name the one in \`.github/canary.yml\` (\`services.<name>.canary\`).`
    case 'no-subset': {
      const known = refusal.subsets.length === 0 ? 'no subsets' : `the subsets ${list(refusal.subsets)}`
      return `The canary beside ${place} needs subset ${code(refusal.wanted)} of host ${code(refusal.host)}, and its DestinationRule has ${known}. Add that subset in a pull request before this one, so that the proxies know it before they get traffic for it.`
    }
  }
}

function placeOf({ file, line }: Location): string {
  return code(`${file}:${line}`)
}
