package io.winnow.experiments.statistics;

import io.winnow.core.WinnowException;
import java.util.OptionalDouble;

/**
 * A treatment against its control: difference and relative lift of two independent estimates.
 *
 * <p>All intervals take a critical value: how many standard errors of a standard normal to go to
 * each side. {@link #critical(double)} gives that of one look at the end; a {@link MonitoringRule}
 * gives that of each look under repeated looking. An infinite one gives {@link
 * Interval#EVERYTHING}. For few units it is widened to Student's t with Welch's degrees of freedom.
 *
 * @param control the arm that is compared with
 * @param treatment the arm that is compared
 */
public record Contrast(Estimate control, Estimate treatment) {
  /** The critical value of one look at the end, such as 1.96 for alpha 0.05. */
  public static double critical(double alpha) {
    if (!(alpha > 0 && alpha < 1)) {
      throw WinnowException.invalid("alpha", alpha, "above 0 and below 1");
    }
    return Normal.twoSidedCritical(alpha);
  }

  /** Treatment minus control, in the metric's unit. */
  public double difference() {
    return treatment.value() - control.value();
  }

  /**
   * √(se_c² + se_t²); infinite where either is, and where neither arm varied at all: without any
   * variation seen nothing can be said about the noise.
   */
  public double standardError() {
    double error = Math.hypot(control.standardError(), treatment.standardError());
    return error == 0 ? Double.POSITIVE_INFINITY : error;
  }

  /**
   * 1 / standard error², 0 where nothing is known; see {@link SequentialPlan} for the clock of
   * tests.
   */
  public double information() {
    double error = standardError();
    return 1 / (error * error);
  }

  /**
   * Welch's approximate degrees of freedom, (v_c + v_t)² / (v_c²/(n_c − 1) + v_t²/(n_t − 1)) with v
   * the squared standard errors (Welch, The generalization of 'Student's' problem when several
   * different population variances are involved, Biometrika 34, 1947); 1 where nothing is known.
   */
  public double degreesOfFreedom() {
    double error = standardError();
    if (Double.isInfinite(error)) {
      return 1;
    }
    double controlShare = control.variance() / (error * error);
    double treatmentShare = treatment.variance() / (error * error);
    double inverse = 0;
    if (controlShare > 0) {
      inverse += controlShare * controlShare / (control.units() - 1);
    }
    if (treatmentShare > 0) {
      inverse += treatmentShare * treatmentShare / (treatment.units() - 1);
    }
    return 1 / inverse;
  }

  /**
   * The difference in standard errors, as a standard normal score: Welch's t with its tail
   * probability carried over. 0 where nothing is known.
   */
  public double z() {
    double error = standardError();
    return Double.isInfinite(error)
        ? 0
        : Student.normalScore(difference() / error, degreesOfFreedom());
  }

  /** The two-sided p-value of 'no difference' for one look at the end (Welch's t test). */
  public double pValue() {
    return Normal.twoSided(z());
  }

  /** The interval of the difference. */
  public Interval differenceInterval(double critical) {
    double error = standardError();
    if (Double.isInfinite(error) || !(critical < Double.POSITIVE_INFINITY)) {
      return Interval.EVERYTHING;
    }
    return Interval.around(difference(), Student.critical(critical, degreesOfFreedom()) * error);
  }

  /** Treatment ÷ control − 1; empty where the control is not above zero or either is undefined. */
  public OptionalDouble lift() {
    return control.isDefined() && treatment.isDefined() && control.value() > 0
        ? OptionalDouble.of(treatment.value() / control.value() - 1)
        : OptionalDouble.empty();
  }

  /**
   * The interval of the lift, by Fieller's theorem: the ratios ρ that a test of 'treatment − ρ ·
   * control = 0' does not reject,
   *
   * <pre>(T − ρ·C)² <= c²·(se_t² + ρ²·se_c²)</pre>
   *
   * (Fieller, Some problems in interval estimation, JRSS B 16, 1954; von Luxburg, Franz, A
   * geometric approach to confidence sets for ratios, Statistica Sinica 19, 2009), with Welch's
   * degrees of freedom for c.
   *
   * <p>The other choice is an interval that is symmetric in the logarithm of the ratio (delta
   * method). It was not taken, since it has no answer where the treatment is zero or negative,
   * claims a finite interval where the control cannot be told from zero, and may contain 'no lift'
   * where the test rejects 'no difference' and the other way round. Fieller's contains 0 exactly if
   * the interval of the difference at the same critical value does. The two agree to first order in
   * the relative errors, which is where experiments live.
   *
   * <p>Where the control is within c standard errors of zero, the set of ratios is unbounded (the
   * whole line, or all but a gap); then and where there is no {@link #lift()} the answer is {@link
   * Interval#EVERYTHING}, which contains that set, even if the difference is clear.
   */
  public Interval liftInterval(double critical) {
    double error = standardError();
    if (lift().isEmpty() || Double.isInfinite(error) || !(critical < Double.POSITIVE_INFINITY)) {
      return Interval.EVERYTHING;
    }
    double c = Student.critical(critical, degreesOfFreedom());
    // In units of the control: the equation is a·ρ² − 2·r·ρ + b <= 0.
    double r = treatment.value() / control.value();
    double controlError = c * control.standardError() / control.value();
    double treatmentError = c * treatment.standardError() / control.value();
    double a = 1 - controlError * controlError;
    if (!(a > 0)) {
      return Interval.EVERYTHING;
    }
    // r² − a·b without the cancellation of r².
    double discriminant = a * treatmentError * treatmentError + r * r * controlError * controlError;
    return new Interval(
        (r - Math.sqrt(discriminant)) / a - 1, (r + Math.sqrt(discriminant)) / a - 1);
  }

  /**
   * The linear contrast of the treatment with a multiple of the control: its difference is T − ρ·C
   * with standard error √(se_t² + ρ²·se_c²), the test that {@link #liftInterval} inverts (Fieller
   * 1954; as the test of non-inferiority by a relative margin: Laster, Johnson, Non-inferiority
   * trials: the 'at least as good as' criterion, Statistics in Medicine 22, 2003). Unlike that
   * interval it has an answer however near to zero the control is.
   *
   * @param ratio ρ, >= 0: 0.98 asks whether the treatment has at least 98 % of the control's value
   */
  public Contrast against(double ratio) {
    if (!(ratio >= 0 && ratio < Double.POSITIVE_INFINITY)) {
      throw WinnowException.invalid("ratio", ratio, "a finite number >= 0");
    }
    return new Contrast(
        new Estimate(ratio * control.value(), ratio * control.standardError(), control.units()),
        treatment);
  }
}
