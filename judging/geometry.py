"""Small pure functions on points of the photo: float arrays (2,), px, origin top-left, y down."""

from __future__ import annotations

import math

import numpy as np

from judging.pose import FloatArray


def down_direction(roll_deg: float = 0.0) -> FloatArray:
    """Where "down" points in the photo, unit vector (2,).

    roll_deg: 0 for a level camera; positive when level things rise towards the photo's right.
    """
    roll = math.radians(roll_deg)
    return np.array([math.sin(roll), math.cos(roll)])


def right_direction(roll_deg: float = 0.0) -> FloatArray:
    """Where the level line points, towards the photo's right, unit vector (2,)."""
    roll = math.radians(roll_deg)
    return np.array([math.cos(roll), -math.sin(roll)])


def drop_px(upper: FloatArray, lower: FloatArray, roll_deg: float = 0.0) -> float:
    """How far ``lower`` lies below ``upper`` along the camera's down, px; negative when it lies above."""
    return float(np.dot(lower - upper, down_direction(roll_deg)))


def reach_px(start: FloatArray, end: FloatArray, roll_deg: float = 0.0) -> float:
    """How far ``end`` lies to the right of ``start`` along the level line, px; negative when to the left."""
    return float(np.dot(end - start, right_direction(roll_deg)))


def distance_px(a: FloatArray, b: FloatArray) -> float:
    """The distance between two points, px."""
    return float(np.linalg.norm(b - a))


def joint_angle_deg(outer: FloatArray, joint: FloatArray, other: FloatArray) -> float:
    """The angle at ``joint`` between the two outer points, 0-180 deg; 180 is straight.

    Raises ValueError when an outer point lies on the joint: there is no angle then.
    """
    a, b = outer - joint, other - joint
    if not (np.linalg.norm(a) > 0 and np.linalg.norm(b) > 0):
        raise ValueError("an angle needs three different points")
    cross = float(a[0] * b[1] - a[1] * b[0])
    return math.degrees(math.atan2(abs(cross), float(np.dot(a, b))))


def line_offset_px(point: FloatArray, start: FloatArray, end: FloatArray) -> float:
    """The distance of ``point`` from the line start-end, px: positive to the right of the way from start to end.

    Right as the photo is seen, so with start above end, positive is the photo's left.
    Raises ValueError when start and end coincide.
    """
    way = end - start
    length = float(np.linalg.norm(way))
    if not length > 0:
        raise ValueError("a line needs two different points")
    to_point = point - start
    return float(way[0] * to_point[1] - way[1] * to_point[0]) / length


def line_share(point: FloatArray, start: FloatArray, end: FloatArray) -> float:
    """Where the foot of ``point`` falls on start-end: 0 at start, 1 at end, kept inside 0-1.

    Raises ValueError when start and end coincide.
    """
    way = end - start
    square = float(np.dot(way, way))
    if not square > 0:
        raise ValueError("a line needs two different points")
    return min(1.0, max(0.0, float(np.dot(point - start, way)) / square))


def bend_offset(first: float, second: float, bend_deg: float) -> float:
    """How far the middle joint leaves the straight line between the outer ones.

    first, second: lengths of the two segments, any one unit; bend_deg: 0 is straight. Result in the same unit.
    Raises ValueError when a length is not positive or the bend lies outside 0-90 deg.
    """
    if not (first > 0 and second > 0 and 0 <= bend_deg <= 90):
        raise ValueError(f"no bend of {bend_deg} deg with segments {first} and {second}")
    bend = math.radians(bend_deg)
    chord = math.sqrt(first**2 + second**2 + 2 * first * second * math.cos(bend))
    return first * second * math.sin(bend) / chord


def normal_cdf(z: float) -> float:
    """The share of the standard normal distribution under z, 0-1."""
    return 0.5 * math.erfc(-z / math.sqrt(2.0))


def root_sum_square(*parts: float) -> float:
    """The square root of the summed squares: how independent errors add up."""
    return math.hypot(*parts)
