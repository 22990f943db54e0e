"""Image-guided thermal ablation of metastases: the ablation margin in millimeters, with its uncertainty."""

__version__ = "0.1.0"
