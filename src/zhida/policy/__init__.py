"""Policies as Markdown: text to blocks (`document`), blocks to decisions (`tangle`), files to packs (`pack`)."""
