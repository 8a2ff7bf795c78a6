package io.winnow.simulator;

import io.winnow.core.ItemId;
import io.winnow.core.Seed;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Makes the videos, in order of publication: creators, their topics, series and standards. */
final class Studio {
  private static final double NEXT_EPISODE = 0.4;
  private static final double NEW_SERIES = 0.12;

  /** Series that a creator continues at a time. */
  private static final int MAX_RUNNING = 3;

  private final RandomGenerator random;
  private final List<Creator> creators = new ArrayList<>();
  private final double[] output;
  private int series;
  private int made;

  Studio(int creatorCount, Seed seed) {
    random = seed.generator("studio");
    output = new double[creatorCount];
    for (int c = 0; c < creatorCount; c++) {
      double[] lean = new double[Names.TOPICS];
      int category = Dice.weighted(categoryWeights(), (c + random.nextDouble()) / creatorCount);
      int favourite = random.nextInt(Names.TOPICS_PER_CATEGORY);
      for (int t = 0; t < Names.TOPICS; t++) {
        lean[t] = Names.categoryOf(t) == category ? 0.3 : 0.004;
      }
      lean[category * Names.TOPICS_PER_CATEGORY + favourite] = 1;
      creators.add(new Creator(lean, 0.6 * random.nextGaussian(), new ArrayList<>()));
      output[c] = Dice.logNormal(random, 1, 0.6);
    }
  }

  /** How much each category is loved and made: a gentle Zipf. */
  static double[] categoryWeights() {
    double[] weights = new double[Names.CATEGORIES.size()];
    for (int c = 0; c < weights.length; c++) {
      weights[c] = 1 / Math.sqrt(c + 3.0);
    }
    return weights;
  }

  /** Makes the next video. */
  Video make(long publishedMs) {
    int number = Dice.weighted(output, random.nextDouble());
    Creator creator = creators.get(number);
    Running running = null;
    double form = random.nextDouble();
    if (form < NEXT_EPISODE && !creator.running().isEmpty()) {
      int which = random.nextInt(creator.running().size());
      running = creator.running().get(which).next();
      creator.running().set(which, running);
    } else if (form > 1 - NEW_SERIES) {
      running = new Running(series++, 1, topic(creator), random.nextLong());
      creator.running().add(running);
      if (creator.running().size() > MAX_RUNNING) {
        creator.running().removeFirst();
      }
    }
    int topic = running == null ? topic(creator) : running.topic();
    Video.Content content =
        new Video.Content(
            topic,
            random.nextInt(4) > 0
                ? Names.categoryOf(topic) * Names.TOPICS_PER_CATEGORY
                    + random.nextInt(Names.TOPICS_PER_CATEGORY)
                : random.nextInt(Names.TOPICS),
            0.5 + 0.5 * random.nextDouble(),
            running == null ? -1 : running.series(),
            running == null ? 0 : running.episode());
    return finish(number, creator, content, running, publishedMs);
  }

  private Video finish(
      int number,
      Creator creator,
      Video.Content content,
      @Nullable Running running,
      long publishedMs) {
    String subject =
        running == null
            ? Names.subject(content.topic(), random.nextLong())
            : Names.subject(content.topic(), running.subject()) + " #" + running.episode();
    int median = Names.CATEGORIES.get(Names.categoryOf(content.topic())).seconds();
    double craft = creator.skill() + random.nextGaussian() - 0.6;
    int index = made++;
    return new Video(
        index,
        new ItemId("v" + (index + 1)),
        subject + " — " + Names.creator(number),
        number,
        content,
        Math.clamp(Math.round(Dice.logNormal(random, median, 0.5)), 15, 1_200),
        1 / (1 + StrictMath.exp(-1.2 * craft)),
        publishedMs);
  }

  private int topic(Creator creator) {
    return Dice.weighted(creator.lean(), random.nextDouble());
  }

  /**
   * Who publishes.
   *
   * @param lean weights of topics, shape (topics)
   * @param skill shifts the quality of all their videos; 0 is average
   * @param running their series
   */
  private record Creator(double[] lean, double skill, List<Running> running) {}

  /** The newest episode of a series. */
  private record Running(int series, int episode, int topic, long subject) {
    Running next() {
      return new Running(series, episode + 1, topic, subject);
    }
  }
}
