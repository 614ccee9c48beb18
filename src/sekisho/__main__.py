"""`python -m sekisho`."""

from sekisho.surfaces.cli import main

if __name__ == "__main__":
    main()
