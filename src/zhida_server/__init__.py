"""The site: from a registry and its policies to entitlements, signed payments and a ledger that cannot overspend.

    web > delivery > entitlements > registry | catalogue | ledger > people > audit > files | database > settings

Each app keeps its tables to itself: what others may see of it are the functions of its `service` and the plain values of its
`data`. The engine, `zhida`, decides; the site keeps, shows, reserves and pays.
"""
