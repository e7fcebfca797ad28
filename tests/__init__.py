"""All that the tests run on: the package of what they start and build with."""
