"""Read audio files: path in; samples, features, tags and content hash out.

Must never know of libraries, SQL or networks.

Entry points:

- :func:`musimo.audio.extract.extract_windows`: from a path to the features of its windows
- :func:`musimo.audio.decode.open_audio`: from a path to samples
- :func:`musimo.audio.features.compute_features`: from samples to features
- :func:`musimo.audio.tags.read_tags`: from a path to its tags
- :func:`musimo.audio.formats.is_music`: whether a file is taken for music, by its name
- :mod:`musimo.audio.tag_writing`: musimo's own fields into a file
"""
