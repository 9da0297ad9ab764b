"""The pages of a person: found, shown with all debts, the budget and the plan for all of them."""

from web.pages.person import budget, identity, letters, person, search

ROUTERS = (search.router, person.router, identity.router, budget.router, letters.router)
