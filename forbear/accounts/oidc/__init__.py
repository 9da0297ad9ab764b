"""Single sign-on: somebody is who an identity provider says they are (OpenID Connect, authorization code flow)."""
