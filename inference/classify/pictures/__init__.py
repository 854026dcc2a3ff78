"""Which lift it is, from the picture alone: the paper's classifiers (section 4.1), their data set (section 3), and how
far they come. Nothing is imported here: OpenCV and torch belong to the modules that need them."""
