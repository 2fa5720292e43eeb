import { createHmac } from 'node:crypto'

/** The key of one repository, `owner/name`: so that whoever runs one team's cluster cannot speak for another's. */
export function reportKey(secret: string, repository: string): string {
  return createHmac('sha256', secret).update(repository.toLowerCase()).digest('hex')
}
