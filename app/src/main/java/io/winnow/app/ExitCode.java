package io.winnow.app;

import io.winnow.core.ErrorCode;

/** What the process answers to the shell. The numbers are part of the interface. */
enum ExitCode {
  /** Done. */
  OK(0),
  /** Winnow failed. */
  DEFECT(1),
  /** The input is wrong. */
  INPUT(2),
  /** A limit was reached. */
  CAPACITY(3),
  /** Something that Winnow needs is missing or damaged. */
  DEPENDENCY(4),
  /** A check was made and found what it looks for. */
  FINDING(5),
  /** A check was made and cannot tell yet. */
  UNDECIDED(6);

  private final int value;

  ExitCode(int value) {
    this.value = value;
  }

  int value() {
    return value;
  }

  /** Follows from who can mend the failure. */
  static ExitCode of(ErrorCode code) {
    return switch (code.owner()) {
      case CALLER -> INPUT;
      case US -> DEFECT;
      case CAPACITY -> CAPACITY;
      case DEPENDENCY -> DEPENDENCY;
    };
  }
}
