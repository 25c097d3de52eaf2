"""Measures how many likes the video service's function settles in a second, in this process."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from functools import partial

from local.appevents.bench.databases import AppTemplate
from local.appevents.bench.floor import RawLikes
from local.appevents.bench.likes import SIZE, batches, like, settling, write_posts
from local.bench.figures import Figures
from local.bench.processors import costs
from local.bench.timing import each_in_turns, median

LIKES, COUNTED = 3_000, 60
"""How many there are; the processor time is taken of so many batches."""
HOT_LIKES = 2_000


def consume(template: AppTemplate) -> Figures:
    """Batches of ten likes, in turns with the floor."""
    with template.copy() as databases, RawLikes(databases) as raw:
        posts = write_posts(databases, LIKES)
        ours = settling(batches(map(like, posts)))
        floor = [partial(raw.settle, event) for event in batches(map(like, posts))]
        rate, floor_rate = _rates(ours[COUNTED:], floor[COUNTED:])
        spent = costs("consume", template.urls, ours[:COUNTED], SIZE)
        spent |= costs("consume_floor", template.urls, floor[:COUNTED], SIZE)
    return {
        "consume_per_s": rate,
        "consume_floor_per_s": floor_rate,
        "consume_vs_floor": rate / floor_rate,
        **spent,
    }


def poison(template: AppTemplate) -> Figures:
    """Batches in which one of ten likes a post that is not there, in turns with batches without one."""
    with template.copy() as databases:
        posts = write_posts(databases, LIKES)
        clean = settling(batches(map(like, posts)))
        mixed = [str(uuid.uuid4()) if n % SIZE == 4 else post for n, post in enumerate(posts)]
        poisoned = settling(batches(map(like, mixed)), dead=1)
        rate, clean_rate = _rates(poisoned, clean)
    return {
        "consume_poison_per_s": rate,
        "consume_clean_per_s": clean_rate,
        "consume_poison_vs_clean": rate / clean_rate,
    }


def hot_post(template: AppTemplate) -> Figures:
    """2,000 likes of one post, in turns with as many of 2,000 posts."""
    with template.copy() as databases:
        hot, *posts = write_posts(databases, HOT_LIKES + 1)
        ours = settling(batches(like(hot) for _ in posts))
        spread = settling(batches(map(like, posts)))
        times, spread_times = each_in_turns(ours, spread)
    return {
        "hot_post_per_s": 1000 * SIZE * len(times) / sum(times),
        "spread_posts_per_s": 1000 * SIZE * len(times) / sum(spread_times),
        "hot_post": sum(spread_times) / sum(times),
    }


def _rates(*ways: Sequence[Callable[[], object]]) -> list[float]:
    """Messages in a second, by the median of batches."""
    return [1000 * SIZE / median(times) for times in each_in_turns(*ways)]
