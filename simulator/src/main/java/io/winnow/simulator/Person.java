package io.winnow.simulator;

import io.winnow.core.AttributeValue;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * A user's lasting traits.
 *
 * @param interests two to four
 * @param temper how the person reacts
 * @param sessionsPerDay how often the person comes; a few come very often
 * @param owl hours by which the person's day is later than the average
 */
record Person(
    int index,
    UserId id,
    List<Interest> interests,
    Temper temper,
    double sessionsPerDay,
    double owl,
    LogRecord.UserPut put) {
  private static final double ACTIVITY_DEVIATION = 1.0;
  private static final List<String> AGE_GROUPS = List.of("13-17", "18-24", "25-34", "35-49", "50+");
  private static final List<String> COUNTRIES = List.of("US", "DE", "BR", "IN", "JP", "FR");

  /**
   * A liking.
   *
   * @param category which the interest is in
   * @param love of each of the category's topics, in [0, 1]
   * @param weight how often the person is in the mood for it
   */
  record Interest(int category, double[] love, double weight) {}

  /**
   * How a person reacts; each in [0, 1] unless it says otherwise.
   *
   * @param patience probability of looking at the next position too
   * @param conformity how much the crowd's taste sways
   * @param novelty how much an unknown creator attracts and a known one bores
   * @param boredom how fast repetition within a session tires
   * @param preferredSeconds the duration that suits best at noon
   * @param evening how much longer videos may be in the evening
   */
  record Temper(
      double patience,
      double conformity,
      double novelty,
      double boredom,
      double preferredSeconds,
      double evening) {}

  /** Invents a person. */
  static Person invent(int index, double sessionsPerDayMean, long timeMs, Seed seed) {
    RandomGenerator random = seed.generator("person-" + index);
    int age = random.nextInt(AGE_GROUPS.size());
    double[] weights = Studio.categoryWeights();
    // Ages differ a little in what they like, so that the attribute says something.
    for (int c = 0; c < weights.length; c++) {
      weights[c] *= (c + age) % AGE_GROUPS.size() == 0 ? 2.5 : 1;
    }
    List<Interest> interests = new ArrayList<>();
    for (int i = 2 + random.nextInt(3); i > 0; i--) {
      int category = Dice.weighted(weights, random.nextDouble());
      weights[category] = 0;
      double[] love = new double[Names.TOPICS_PER_CATEGORY];
      for (int t = 0; t < love.length; t++) {
        love[t] = 0.1 + 0.5 * random.nextDouble();
      }
      love[random.nextInt(love.length)] = 0.85 + 0.15 * random.nextDouble();
      double weight = random.nextDouble();
      interests.add(new Interest(category, love, 0.2 + 1.5 * weight * weight));
    }
    Temper temper =
        new Temper(
            0.84 + 0.12 * random.nextDouble(),
            random.nextDouble() * random.nextDouble(),
            random.nextDouble() * random.nextDouble(),
            0.1 + 0.3 * random.nextDouble(),
            Dice.logNormal(random, 220, 0.4),
            random.nextDouble());
    // Divided by the log-normal's mean, so that the configured mean holds.
    double activity =
        sessionsPerDayMean
            * Dice.logNormal(
                random,
                StrictMath.exp(-ACTIVITY_DEVIATION * ACTIVITY_DEVIATION / 2),
                ACTIVITY_DEVIATION);
    UserId id = new UserId("u" + (index + 1));
    Map<String, AttributeValue> attributes =
        Map.of(
            "age_group", new AttributeValue.Text(AGE_GROUPS.get(age)),
            "country", new AttributeValue.Text(COUNTRIES.get(random.nextInt(COUNTRIES.size()))));
    return new Person(
        index,
        id,
        List.copyOf(interests),
        temper,
        Math.min(activity, 12),
        1.5 * random.nextGaussian(),
        new LogRecord.UserPut(id, attributes, timeMs));
  }
}
