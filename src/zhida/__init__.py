"""zhida (直达): policies as Markdown, decided for a whole registry, each answer explained by its article."""
