/** The branch of the pull request that proposes a config. It has one name in every repository, so Perch finds its own again. */
export const ONBOARDING_BRANCH = 'perch/onboarding'
