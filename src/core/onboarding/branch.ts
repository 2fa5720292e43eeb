/** The branch of the pull request that proposes a config: one name, so that it is opened once. */
export const ONBOARDING_BRANCH = 'perch/onboarding'
