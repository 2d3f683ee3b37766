"""Queries on an analyzed library: from seeds, moods and conditions to ranked tracks.

Purpose: vectors and their index, the queries (similar, mood, path, duplicates, map), and what shapes a list
(conditions, caps, versions, duration, order, explanations).
Must never: write to the library, decode audio, import a network framework, print, or know a file format.

Entry points
------------
- Vectors: ``space`` (sound vectors and the hubness offset), ``index`` (the ``VectorIndex``
  protocol), ``indexes`` (the indexes of a library, kept up to date).
- Engine: ``faiss_index`` over ``segment`` and ``segment_file``; ``index_update`` brings it up to date.
- Queries: ``similar``, ``mood``, ``path`` with their ``rows`` and ``results``; below them ``query`` (nearest
  sounds and moods), ``seeds``, ``taste`` (representative seeds), ``find`` (a track by words), ``plane`` (the
  valence–arousal plane), ``sound_path``, ``mood_path``, ``duplicates``, ``sound_map`` with ``projection``.
- Shaping a list: ``selection`` combines ``where`` (conditions), ``diversify`` (caps per artist and album),
  ``versions`` (one version per work) and ``mix`` (a given duration); ``order`` sorts the rows, ``explain``
  and ``best_window`` say why a track is listed. ``track_distances`` compares mood, tempo and key.
- ``described`` answers ``find``: ``description`` reads words to ``terms`` (``vocabulary``, ``scenes``,
  ``term_values``, ``word_vectors``), ``term_scores`` scores them.
- Reading text: ``times``, ``keys``, ``mood_words``, ``where``, ``titles``.
"""
