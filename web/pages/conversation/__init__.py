"""What is said on a case: notes, contact, tasks, agreements, files; and what of it waits for whoever is signed in."""

from web.pages.conversation import agreements, attachments, my_work, notifications, talk

ROUTERS = (talk.router, agreements.router, attachments.router, my_work.router, notifications.router)
