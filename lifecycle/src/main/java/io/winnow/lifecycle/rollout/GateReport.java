package io.winnow.lifecycle.rollout;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the offline gate found.
 *
 * @param candidate the release that was judged
 * @param champion what it was compared with; empty if there is none
 * @param checks each by itself, in the order in which they were made
 */
public record GateReport(String candidate, String champion, List<Check> checks) {
  /** Copies the list. */
  public GateReport {
    checks = List.copyOf(checks);
  }

  /** How a check went. */
  public enum Verdict {
    /** Nothing speaks against the candidate. */
    PASSED,
    /** There is too little to judge by yet. */
    WAITING,
    /** It must not be served. */
    FAILED
  }

  /**
   * One thing that was looked at.
   *
   * @param name such as {@code ndcg@10}, {@code calibration}, {@code latency}, {@code whole}
   * @param numbers what was measured and what was allowed, by name
   * @param text a sentence with both
   */
  public record Check(String name, Verdict verdict, Map<String, Double> numbers, String text) {
    /** Copies the map. */
    public Check {
      numbers = Map.copyOf(numbers);
    }
  }

  /** The worst of all checks: failed before waiting before passed. */
  public Verdict verdict() {
    return checks.stream()
        .map(Check::verdict)
        .max(java.util.Comparator.naturalOrder())
        .orElse(Verdict.WAITING);
  }

  /** All numbers, as {@code CHECK.NUMBER}. */
  public Map<String, Double> numbers() {
    Map<String, Double> numbers = new TreeMap<>();
    for (Check check : checks) {
      check.numbers().forEach((name, value) -> numbers.put(check.name() + "." + name, value));
    }
    return numbers;
  }

  /** Why it is as it is: the texts of the checks that decided. */
  public String reason() {
    Verdict worst = verdict();
    return String.join(
        "; ",
        checks.stream()
            .filter(check -> check.verdict() == worst)
            .map(check -> check.name() + ": " + check.text())
            .toList());
  }
}
