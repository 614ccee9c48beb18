"""公開情報: what anyone may know – the retailers, who sees what, and the newest certificate of the barrier with how to check it."""
