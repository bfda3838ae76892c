"""What is known of enterprises, from where and for which time, and the frozen snapshots that runs decide on."""
