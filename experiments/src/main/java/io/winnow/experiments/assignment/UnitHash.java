package io.winnow.experiments.assignment;

import io.winnow.core.Seed;

/**
 * The hash behind every draw: a number in [0, 1) for a unit and a purpose, the same on every server
 * and for ever.
 *
 * <p>A unit's id becomes 64 bits once a request: every UTF-16 code unit is mixed in by {@link
 * Seed#mix}, SplitMix64's finaliser (Steele, Lea, Flood: Fast splittable pseudorandom number
 * generators, 2014; the multipliers are Stafford's variant 13). Each purpose, name, run and period
 * has 64 bits of salt of its own. A draw mixes both twice: <i>mix(mix(unit ^ salt) + salt)</i>, and
 * its upper 53 bits are the fraction. The finaliser is a bijection in which every input bit changes
 * every output bit with a chance near one half, so draws with different salts are as good as
 * independent, which the tests check for layers, experiments and ramps by chi-square. It costs a
 * few nanoseconds.
 *
 * <p>What lost: a cryptographic hash of the joined text (a hundred times the cost for a property
 * that nobody needs: a unit's arm is no secret), and {@link String#hashCode} or CRC, of which
 * neighbouring ids get neighbouring values.
 */
public final class UnitHash {
  private UnitHash() {}

  /** What is drawn; each with numbers of its own. */
  public enum Purpose {
    /** Where in a layer a unit lies. */
    LAYER,
    /** Whether a unit is in the traffic of an experiment. */
    TRAFFIC,
    /** Which arm it is in. */
    ARM,
    /** Whether a user is held out of all experiments. */
    HOLDOUT
  }

  /** The 64 bits of a unit's id. */
  public static long of(String unit) {
    return new Seed(0).derive(unit).value();
  }

  /**
   * The draw for one purpose, made ready.
   *
   * @param name of the layer or experiment
   * @param run of the experiment; 0 for what lasts longer than a run, such as a layer
   */
  public static Draw draw(Purpose purpose, String name, long run) {
    long text = new Seed(run).derive(purpose.name() + ":" + name).value();
    return new Draw(text);
  }

  /** One draw for each unit. */
  public record Draw(long salt) {
    /** A number in [0, 1) for the unit of {@link UnitHash#of}. */
    public double of(long unitHash) {
      return (Seed.mix(Seed.mix(unitHash ^ salt) + salt) >>> 11) * 0x1p-53;
    }

    /** Another draw for each period, whose numbers have nothing to do with other periods'. */
    public Draw inPeriod(long period) {
      return new Draw(Seed.mix(salt ^ Seed.mix(period)));
    }
  }
}
