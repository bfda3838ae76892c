"""Starting, stopping, filling, backing up and restoring a site."""
