"""One package for each platform, over one way to speak HTTP. The only home of ``httpx``."""
