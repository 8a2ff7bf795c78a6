package io.winnow.simulator;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a person remembers: for good, and of the session under way. Belongs to one world. */
final class Memory {
  /** A pause longer than this ends a session. */
  static final long SESSION_GAP_MS = 30 * 60_000L;

  private final BitSet clicked = new BitSet();
  private final BitSet creators = new BitSet();
  private final Map<Integer, Integer> episodes = new HashMap<>();
  private final int[] categories = new int[Names.CATEGORIES.size()];
  private @Nullable Session session;

  /** Whether the person has ever clicked the video. */
  boolean clicked(Video video) {
    return clicked.get(video.index());
  }

  /** Whether the person has ever clicked a video of the creator. */
  boolean knows(int creator) {
    return creators.get(creator);
  }

  /** The newest episode of a series that the person has clicked; 0 if none. */
  int episode(int series) {
    return episodes.getOrDefault(series, 0);
  }

  /** How often the person has clicked videos of a category. */
  int categoryClicks(int category) {
    return categories[category];
  }

  /**
   * The session that a visit at this time belongs to: the one under way, or a new one whose mood
   * depends on the person, the time and the mood before. Asking changes nothing.
   */
  Session sessionAt(Person person, long timeMs, Dice dice) {
    Session current = session;
    if (current != null && timeMs - current.lastMs <= SESSION_GAP_MS) {
      return current;
    }
    return Session.begin(person, timeMs, current == null ? -1 : current.mood, dice);
  }

  /** The session goes on until this time at least. */
  void stay(Session current, long timeMs) {
    current.lastMs = Math.max(current.lastMs, timeMs);
    session = current;
  }

  /** When the newest session ended, or {@link Long#MIN_VALUE} before the first. */
  long lastMs() {
    return session == null ? Long.MIN_VALUE : session.lastMs;
  }

  /** Takes note of a click. */
  void click(Video video) {
    clicked.set(video.index());
    creators.set(video.creator());
    categories[video.category()]++;
    if (video.content().series() >= 0) {
      episodes.merge(video.content().series(), video.content().episode(), Math::max);
    }
  }

  /** The mood of one sitting, and what has been had of what. */
  static final class Session {
    private static final double SAME_MOOD_AGAIN = 0.55;
    private static final double TWO_MOODS = 0.35;

    /** Indices of interests; the second is -1 if there is only one. */
    final int mood;

    final int secondMood;
    private final int[] topics = new int[Names.TOPICS];
    private final Map<Integer, Integer> creators = new HashMap<>();
    private int lastTopic = -1;
    private long lastMs;

    private Session(int mood, int secondMood, long timeMs) {
      this.mood = mood;
      this.secondMood = secondMood;
      this.lastMs = timeMs;
    }

    private static Session begin(Person person, long timeMs, int moodBefore, Dice dice) {
      double[] weights = person.interests().stream().mapToDouble(Person.Interest::weight).toArray();
      boolean again =
          moodBefore >= 0
              && dice.uniform(Dice.Roll.SAME_MOOD, person.index(), timeMs, 0) < SAME_MOOD_AGAIN;
      int mood =
          again
              ? moodBefore
              : Dice.weighted(weights, dice.uniform(Dice.Roll.MOOD, person.index(), timeMs, 0));
      int second = -1;
      if (dice.uniform(Dice.Roll.TWO_MOODS, person.index(), timeMs, 0) < TWO_MOODS) {
        weights[mood] = 0;
        second =
            Dice.weighted(weights, dice.uniform(Dice.Roll.SECOND_MOOD, person.index(), timeMs, 0));
      }
      return new Session(mood, second, timeMs);
    }

    /** Clicks on a topic in this session. */
    int topicClicks(int topic) {
      return topics[topic];
    }

    /** Clicks on a creator's videos in this session. */
    int creatorClicks(int creator) {
      return creators.getOrDefault(creator, 0);
    }

    /** The topic of the newest click, or -1. */
    int lastTopic() {
      return lastTopic;
    }

    void click(Video video) {
      topics[video.content().topic()]++;
      creators.merge(video.creator(), 1, Integer::sum);
      lastTopic = video.content().topic();
    }
  }
}
