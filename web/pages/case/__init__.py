"""The pages of one case: what it says, and every form on it."""

from web.pages.case import actions, assignment, case, negotiation_pack, privacy

ROUTERS = (assignment.router, case.router, actions.router, negotiation_pack.router, privacy.router)
