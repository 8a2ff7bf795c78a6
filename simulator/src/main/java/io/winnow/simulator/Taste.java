package io.winnow.simulator;

import io.winnow.core.Seed;
import java.util.random.RandomGenerator;

/**
 * How much a video appeals to a person at a moment: the probability of a click once it is seen.
 *
 * <p>Match m in [0, 1] weighs the person's liking for the video's two topics: full for the interest
 * that the session is about, {@value #OTHER_MOOD} of it for the others, a little curiosity for all
 * else, and a jump for the topic that the last click's topic leads to. Appeal is {@code m² / (m² +
 * 0.1)} (a liking that saturates) times quality, plus what the best videos do to anybody; times the
 * fit of the duration to the hour, freshness, repetition, novelty; and the next episode of a series
 * that the person follows is hard to resist.
 */
final class Taste {
  private static final double HOUR_MS = 3_600_000.0;
  private static final double DAY_MS = 24 * HOUR_MS;

  /** Of an interest that the session is not about. */
  private static final double OTHER_MOOD = 0.4;

  private static final double CURIOSITY = 0.04;
  private static final double LED_TO = 0.85;
  private static final double HALF_SATURATION = 0.1;
  private static final double ATTRACTION = 1.0;
  private static final double MASS_APPEAL = 0.2;
  private static final double DURATION_TOLERANCE = 1.4;
  private static final double STALE = 0.55;
  private static final double AGAIN = 0.06;
  private static final double NEXT_EPISODE = 0.45;

  /** The topic that each topic leads to, of another category, shape (topics). */
  private final int[] leadsTo = new int[Names.TOPICS];

  private final Fashion fashion;

  Taste(Seed seed, Fashion fashion) {
    this.fashion = fashion;
    RandomGenerator random = seed.generator("topics");
    for (int t = 0; t < leadsTo.length; t++) {
      do {
        leadsTo[t] = random.nextInt(Names.TOPICS);
      } while (Names.categoryOf(leadsTo[t]) == Names.categoryOf(t));
    }
  }

  /**
   * The probability in [0, 1) of a click on a video that is seen.
   *
   * @param heat how much the crowd likes the video now, in [0, 1]
   */
  double appeal(
      Person person, Memory memory, Memory.Session session, Video video, double heat, long timeMs) {
    Person.Temper temper = person.temper();
    double match = match(person, memory, session, video, timeMs);
    double liked = match * match / (match * match + HALF_SATURATION);
    double quality = video.quality();
    double mass = MASS_APPEAL * quality * quality * quality;
    double appeal = ATTRACTION * liked * (0.3 + 0.7 * quality);
    appeal += (1 - appeal) * mass * (0.5 + 1.5 * temper.conformity() * heat);
    appeal *= durationFit(temper, video, timeMs) * freshness(video, timeMs);
    double bored = 1 - temper.boredom();
    appeal *= StrictMath.pow(bored, session.creatorClicks(video.creator()));
    appeal *=
        StrictMath.pow(1 - temper.boredom() / 4, session.topicClicks(video.content().topic()));
    appeal *= memory.knows(video.creator()) ? 1 - 0.4 * temper.novelty() : 1;
    if (memory.clicked(video)) {
      return appeal * AGAIN;
    }
    int episode = video.content().episode();
    if (episode > 1 && memory.episode(video.content().series()) == episode - 1) {
      appeal += NEXT_EPISODE * (1 - appeal);
    }
    return appeal;
  }

  /** How far a video is about what the person wants now, in [0, 1]. */
  double match(Person person, Memory memory, Memory.Session session, Video video, long timeMs) {
    Video.Content content = video.content();
    if (fashion.wantsVariety(person, timeMs)) {
      return content.share() * varied(memory, session, content.topic())
          + (1 - content.share()) * varied(memory, session, content.secondTopic());
    }
    boolean moved = fashion.hasMoved(person, timeMs);
    return content.share() * liking(person, session, content.topic(), moved)
        + (1 - content.share()) * liking(person, session, content.secondTopic(), moved);
  }

  private double varied(Memory memory, Memory.Session session, int topic) {
    boolean led = session.lastTopic() >= 0 && leadsTo[session.lastTopic()] == topic;
    double liking = Math.max(CURIOSITY, Fashion.variety(memory, Names.categoryOf(topic)));
    return led ? Math.max(liking, LED_TO) : liking;
  }

  private double liking(Person person, Memory.Session session, int shown, boolean moved) {
    int topic = moved ? fashion.becomes(shown) : shown;
    double liking = CURIOSITY;
    for (int i = 0; i < person.interests().size(); i++) {
      Person.Interest interest = person.interests().get(i);
      if (interest.category() == Names.categoryOf(topic)) {
        boolean inMood = i == session.mood || i == session.secondMood;
        double love = interest.love()[topic % Names.TOPICS_PER_CATEGORY];
        liking = Math.max(liking, inMood ? love : OTHER_MOOD * love);
      }
    }
    int last =
        session.lastTopic() >= 0 && moved
            ? fashion.becomes(session.lastTopic())
            : session.lastTopic();
    boolean led = last >= 0 && leadsTo[last] == topic;
    return led ? Math.max(liking, LED_TO) : liking;
  }

  /** In (0, 1]: 1 if the duration is what the person has time for at this hour. */
  private static double durationFit(Person.Temper temper, Video video, long timeMs) {
    double hour = Math.floorMod(timeMs, (long) DAY_MS) / HOUR_MS;
    double evening = StrictMath.exp(-StrictMath.pow((hour - 21) / 3, 2));
    double preferred =
        StrictMath.log(temper.preferredSeconds()) + 0.9 * temper.evening() * (evening - 0.25);
    double distance = (StrictMath.log(video.seconds()) - preferred) / DURATION_TOLERANCE;
    return StrictMath.exp(-distance * distance / 2);
  }

  private static double freshness(Video video, long timeMs) {
    int freshDays = Names.CATEGORIES.get(video.category()).freshDays();
    if (freshDays == 0) {
      return 1;
    }
    double ageDays = Math.max(0, timeMs - video.publishedMs()) / DAY_MS;
    return STALE + (1 - STALE) * StrictMath.exp(-ageDays / freshDays);
  }
}
