package io.winnow.app.demo;

import io.winnow.core.Seed;
import io.winnow.core.UserId;
import java.util.Locale;

/** Who makes a user's slates. */
enum Arm {
  /** The running Winnow, over HTTP. */
  WINNOW,
  /** The items with the most events of the last 7 days that the user has not had. */
  POPULARITY;

  /** A user's arm: always the same, and half of the users each. */
  static Arm of(UserId user, Seed seed) {
    return (seed.derive("arm-" + user.value()).value() & 1) == 0 ? WINNOW : POPULARITY;
  }

  /** How it is written. */
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
