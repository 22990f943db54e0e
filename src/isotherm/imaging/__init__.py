"""Arrays and millimeters, pure: masks in, margins out."""
