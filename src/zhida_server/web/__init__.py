"""The pages: the public catalogue, the enterprise's page, the worklists of staff."""
