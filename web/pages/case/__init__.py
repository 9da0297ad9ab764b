"""The pages of one case: what it says, and every form on it."""

from web.pages.case import actions, assignment, case, crisis, negotiation_pack, new_case, privacy, retry

ROUTERS = (
    new_case.router,  # before the case of any other name
    assignment.router,
    case.router,
    actions.router,
    crisis.router,
    negotiation_pack.router,
    privacy.router,
    retry.router,
)
