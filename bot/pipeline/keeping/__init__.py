"""What is kept and what is forgotten: retention, the gallery, imported lists."""
