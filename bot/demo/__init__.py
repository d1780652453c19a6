"""The main job on loopback: Reddit, hosts and a mail server that live only as long as the demo or a test."""
