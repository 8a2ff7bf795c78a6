package io.winnow.lifecycle.rollout;

import io.winnow.experiments.statistics.Interval;
import java.util.Map;
import java.util.TreeMap;

/**
 * How outcomes per slate of a canary's users compare with those of their control.
 *
 * @param stepSlates of the challenger's side since the canary's present step began
 * @param slates of the challenger's side since the canary began
 * @param controlSlates of the control
 * @param users of the challenger's side
 * @param controlUsers of the control
 * @param perSlate outcomes per slate of the challenger's side, with what its users did before taken
 *     out
 * @param controlPerSlate the same of the control
 * @param lift of the challenger's side, relative to the control; all numbers where too little is
 *     known. The chance that it ever misses the truth, however often one looks, is what the
 *     application allows
 */
public record OutcomeComparison(
    long stepSlates,
    long slates,
    long controlSlates,
    long users,
    long controlUsers,
    double perSlate,
    double controlPerSlate,
    Interval lift) {
  /** As numbers of a decision; ends of the interval that are not known are left out. */
  public Map<String, Double> numbers() {
    Map<String, Double> numbers = new TreeMap<>();
    numbers.put("slates", (double) slates);
    numbers.put("step_slates", (double) stepSlates);
    numbers.put("control.slates", (double) controlSlates);
    numbers.put("users", (double) users);
    numbers.put("control.users", (double) controlUsers);
    numbers.put("outcomes_per_slate", perSlate);
    numbers.put("control.outcomes_per_slate", controlPerSlate);
    if (controlPerSlate > 0) {
      numbers.put("lift", perSlate / controlPerSlate - 1);
    }
    if (lift.isFinite()) {
      numbers.put("lift.lower", lift.low());
      numbers.put("lift.upper", lift.high());
    }
    return numbers;
  }
}
