"""Scenes: occasions, weather and times of day, each as a description in other words.

All are written by musimo's authors. A scene overrides a mood of the same name in descriptions, since it may
ask for instruments and genres as well; ``[words]`` in the settings adds scenes, or replaces them.
"""

from __future__ import annotations

from typing import Final

SCENES: Final[dict[str, str]] = {
    "rainy": "calm, ambient, melancholic",
    "late night": "mellow, calm, slow, chill",
    "night": "calm, dark, ambient",
    "morning": "hopeful, acoustic, gentle",
    "sunday morning": "mellow, acoustic, happy",
    "evening": "mellow, warm",
    "sunset": "chill, warm, dreamy",
    "summer": "happy, sunny, upbeat",
    "autumn": "melancholic, acoustic, folk",
    "winter": "calm, melancholic, piano",
    "beach": "happy, chill, sunny",
    "campfire": "acoustic, guitar, folk, vocals",
    "coffee": "acoustic, mellow, jazz",
    "dinner": "easy listening, jazz, soft, relaxed",
    "cooking": "cheerful, soul, funk",
    "cleaning": "upbeat, pop, happy",
    "party": "party, dance, energetic",
    "club": "dance, house, techno, beat",
    "wedding": "romantic, happy, dance",
    "romantic evening": "romantic, soul, soft",
    "workout": "energetic, fast, beat",
    "running": "energetic, fast, beat",
    "gym": "energetic, aggressive, beat",
    "driving": "driving, rock, beat",
    "road trip": "upbeat, rock, sunny",
    "gaming": "energetic, electronic, no vocals",
    "focus": "calm, no vocals, ambient",
    "study": "calm, no vocals, soft",
    "work": "calm, no vocals, beat",
    "coding": "electronic, no vocals, calm",
    "reading": "calm, no vocals, piano",
    "background": "easy listening, calm, soft",
    "sleep": "sleepy, ambient, soft, no vocals, slow",
    "meditation": "meditative, ambient, new age, no vocals",
    "yoga": "calm, new age, ambient",
    "spa": "calm, new age, soft, no vocals",
    "bath": "calm, soft, mellow",
    "massage": "calm, new age, soft, no vocals",
    "lullaby": "sleepy, soft, slow, acoustic",
    "funeral": "sad, solemn, slow",
    "breakup": "sad, vocals, slow",
    "horror movie": "scary, dark, weird",
    "battle": "epic, aggressive, fast",
    "western": "country, guitar, lonely",
    "medieval": "folk, flute, harp, strings",
    "space": "ambient, synth, dreamy",
}
"""Scenes by name; commas separate words, as in any description."""

SCENE_FORMS: Final[dict[str, str]] = {
    "rainy": "rain, rainy day, rainy days, raining, regen, regnerisch, regentag, pluie, jour de "
    "pluie, pluvieux, lluvia, día de lluvia, lluvioso",
    "late night": "late at night, after midnight, midnight, nocturnal, late nights, mitternacht, "
    "spätabends, tard le soir, minuit, medianoche, madrugada",
    "night": "nighttime, nacht, nachts, nuit, noche",
    "morning": "morgen, morgens, matin, mañana, sunrise, dawn",
    "evening": "abend, abends, soir, soirée calme, tarde",
    "sunset": "dusk, sonnenuntergang, coucher de soleil, atardecer",
    "summer": "summery, sommer, sommerlich, été, estival, verano",
    "autumn": "fall, herbst, herbstlich, automne, otoño",
    "winter": "snow, snowy, schnee, hiver, neige, invierno, nieve",
    "beach": "strand, plage, playa, seaside, pool, poolside",
    "campfire": "bonfire, lagerfeuer, feu de camp, hoguera",
    "coffee": "coffee house, coffee shop, cafe, coffeehouse, kaffee, kaffeehaus, café, cafetería, brunch",
    "dinner": "dinner party, supper, restaurant, abendessen, essen, dîner, cena, candlelight",
    "cooking": "kitchen, kochen, küche, cuisine, cocinar, cocina",
    "cleaning": "housework, chores, putzen, ménage, limpiar",
    "party": "partying, fête, fiesta, feier, feiern, birthday, geburtstag, anniversaire, cumpleaños",
    "club": "clubbing, nightclub, rave, disko, boîte de nuit, discoteca",
    "wedding": "hochzeit, mariage, boda",
    "workout": "work out, working out, exercise, exercising, training, fitness, cardio, sport, "
    "sports, entraînement, entrenamiento, ejercicio",
    "running": "jogging, run, laufen, joggen, courir, course à pied, correr",
    "gym": "weightlifting, lifting, kraftsport, fitnessstudio, musculation, gimnasio",
    "driving": "drive, autofahren, autofahrt, conduire, conduite, conducir, night drive",
    "road trip": "roadtrip, road, autobahn, highway, voyage en voiture, viaje en coche",
    "gaming": "games night, zocken",
    "focus": "focused, concentrate, concentration, concentrating, deep work, konzentration, "
    "konzentrieren, concentración, se concentrer",
    "study": "studying, homework, lernen, studieren, étudier, étude, estudiar, estudio",
    "work": "working, office, arbeit, arbeiten, büro, travail, travailler, bureau, trabajo, "
    "trabajar, oficina",
    "coding": "programming, programmieren, hacking, programmer, programar",
    "reading": "read, lesen, lecture, lire, leer",
    "background": "background music, hintergrund, hintergrundmusik, musique de fond, música de fondo",
    "sleep": "sleeping, asleep, bedtime, fall asleep, falling asleep, schlaf, schlafen, "
    "einschlafen, dormir, sommeil, sueño",
    "meditation": "meditate, meditating, mindfulness, méditation, meditación, meditieren",
    "lullaby": "lullabies, wiegenlied, schlaflied, berceuse, nana, canción de cuna",
    "funeral": "beerdigung, enterrement, funérailles, mourning, trauer",
    "breakup": "break up, heartbreak, liebeskummer, rupture, desamor",
    "horror movie": "horror, halloween, horrorfilm, film d'horreur, terror",
    "battle": "boss fight, boss battle, fight, war, kampf, schlacht, combat, bataille, batalla",
    "western": "wild west, wilder westen, cowboy",
    "medieval": "mittelalter, mittelalterlich, médiéval, renaissance, fantasy, tavern",
    "space": "outer space, cosmic, weltraum, espace, espacio, sci-fi, science fiction",
}
"""Other names of scenes."""
