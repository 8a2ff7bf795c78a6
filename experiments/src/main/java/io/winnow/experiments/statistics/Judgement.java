package io.winnow.experiments.statistics;

/**
 * What a rule says of one look.
 *
 * @param look what was seen
 * @param critical how many standard errors the difference must be from zero to be called real at
 *     this look, and how many the interval at this look reaches to each side (see {@link
 *     Contrast#differenceInterval}); infinite where the rule says nothing at this look
 * @param crossed whether |z| reached it
 */
public record Judgement(Look look, double critical, boolean crossed) {
  static Judgement of(Look look, double critical) {
    return new Judgement(look, critical, Math.abs(look.z()) >= critical);
  }
}
