package io.winnow.lifecycle;

import io.winnow.core.Problem;
import io.winnow.core.application.Experiment;
import io.winnow.core.application.Experiment.Population;
import io.winnow.core.application.Experiments;
import io.winnow.core.application.Metric;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What must not change of an experiment that goes on: whatever would move units to another arm,
 * give an arm another meaning, or choose the rule of decision when results can be seen. Traffic,
 * targeting, the end, secondary metrics, guardrails and segments may.
 */
final class ExperimentChange {
  private ExperimentChange() {}

  /** What is wrong with the experiments that both have, in the same run; empty if nothing is. */
  static List<Problem> problems(Experiments before, Experiments after) {
    List<Problem> problems = new ArrayList<>();
    for (Experiment was : before.list()) {
      after
          .experiment(was.name())
          .filter(is -> is.run() == was.run())
          .ifPresent(is -> compare(was, is, before, after, problems));
    }
    return problems;
  }

  private static void compare(
      Experiment was,
      Experiment is,
      Experiments before,
      Experiments after,
      List<Problem> problems) {
    Check check = new Check("experiments." + was.name() + ".", is.run(), problems);
    Population old = was.population();
    Population now = is.population();
    check.same("unit", old.unit(), now.unit());
    check.same("layer", old.layer(), now.layer());
    check.same("design", was.design(), is.design());
    check.same("arms", was.arms(), is.arms());
    check.same("primary", was.goals().primary(), is.goals().primary());
    check.same("looks", was.plan().looks(), is.plan().looks());
    check.same("duration", was.plan().duration(), is.plan().duration());
    check.same("alpha", was.plan().alpha(), is.plan().alpha());
    check.same("before", was.plan().before(), is.plan().before());
    String primary = was.goals().primary();
    Optional<Metric> metric = after.metric(primary);
    if (is.goals().primary().equals(primary) && !metric.equals(before.metric(primary))) {
      problems.add(
          new Problem(
              "metrics." + primary,
              metric.map(m -> m.definition().toString()).orElse("removed"),
              "%s, as experiment %s is judged by it; or run: %d of that"
                  .formatted(
                      before.metric(primary).map(m -> m.definition().toString()).orElse("none"),
                      was.name(),
                      is.run() + 1)));
    }
  }

  private record Check(String prefix, int run, List<Problem> problems) {
    void same(String field, Object was, Object is) {
      if (!was.equals(is)) {
        problems.add(
            new Problem(
                prefix + field,
                shorter(is),
                "%s, as it runs; or run: %d, which begins anew".formatted(shorter(was), run + 1)));
      }
    }

    private static String shorter(Object value) {
      String text = value.toString();
      return text.length() <= 120 ? text : "another value";
    }
  }
}
