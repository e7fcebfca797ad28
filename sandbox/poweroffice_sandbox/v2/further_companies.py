"""
The companies of an environment besides the named ones, for tests with many.

Rule: made from their position alone, so that they and their keys are the same in every sandbox.
"""

from __future__ import annotations

from ..core.companies import ENVIRONMENTS, Company


def further_companies(environment: str, count: int) -> tuple[Company, ...]:
    """
    Make them.

    :param environment: ``production`` or ``demo``.
    :param count: of all companies of the environment, the named ones included.
    """
    named = ENVIRONMENTS[environment].companies
    digit, demo = 1 + list(ENVIRONMENTS).index(environment), ENVIRONMENTS[environment].prefix
    return tuple(
        Company(
            environment=environment,
            index=index,
            alias=f"firma-{index:03}",
            name=f"Firma {index} AS" + (" (demo)" if demo else ""),
            organization_number=f"998{digit}{index:05}",
            client_id=f"5a0c3f1e-7d1b-4d0a-9a42-0b7c55e{digit}{index:04}",
            # As those of the named ones, with the position in the last group.
            client_keys=tuple(f"{key[:24]}{index + 1:012}" for key in named[0].client_keys),
        )
        for index in range(len(named), count)
    )
