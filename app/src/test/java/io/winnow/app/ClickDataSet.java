package io.winnow.app;

import io.winnow.core.Seed;
import io.winnow.core.TimeSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * A small data set of clicks for tests: 40 items of three categories, and clicks of the last days,
 * one every ten minutes, no pair of user and item twice.
 */
final class ClickDataSet {
  /** What an application file needs to import it. */
  static final String IMPORTS =
      """
      imports:
        items:
          - files: [items.csv]
            map: { id: item, attributes: { category: category } }
        events:
          - files: [clicks.csv]
            map: { type: =click, user: user, item: item, time: { column: time, format: epoch_seconds } }
      """;

  /** An application over it that trains and answers with little. */
  static final String APPLICATION =
      """
      application: clips
      items:
        attributes: { category: string }
      events: [click]
      features:
        user: { clicks_7d: count(click) over 7d }
        item: { clicks_7d: count(click) over 7d }
      retrieval: { two_tower: 20, item_to_item: 20, popular: 20 }
      serving: { deadline: 10s }
      """
          + IMPORTS;

  private static final int ITEMS = 40;
  private static final int CATEGORIES = 3;
  private static final long SECONDS_BETWEEN = 600;
  private static final Seed SEED = new Seed(3);

  private ClickDataSet() {}

  /**
   * Writes it.
   *
   * @param application goes beside it as {@code winnow.yaml}
   * @param events most clicks
   * @param users how many click
   * @param taste the share of clicks that go to the user's own category; others go anywhere
   * @return the folder
   */
  static Path write(Path folder, String application, int events, int users, double taste)
      throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("winnow.yaml"), application);
    StringBuilder items = new StringBuilder("item,category\n");
    for (int item = 0; item < ITEMS; item++) {
      items.append("i%d,c%d%n".formatted(item, item % CATEGORIES));
    }
    Files.writeString(folder.resolve("items.csv"), items);
    RandomGenerator random = SEED.generator("clicks");
    StringBuilder clicks = new StringBuilder("user,item,time\n");
    long nowSeconds = TimeSource.system().nowMs() / 1000;
    Set<String> had = new HashSet<>();
    for (int event = 0; event < events; event++) {
      int user = random.nextInt(users);
      int item = random.nextInt(ITEMS);
      if (random.nextDouble() < taste) {
        item = Math.min(ITEMS - 1, item - item % CATEGORIES + user % CATEGORIES);
      }
      if (had.add(user + ":" + item)) {
        long agoSeconds = (events - event + 1) * SECONDS_BETWEEN;
        clicks.append("u%d,i%d,%d%n".formatted(user, item, nowSeconds - agoSeconds));
      }
    }
    Files.writeString(folder.resolve("clicks.csv"), clicks);
    return folder;
  }
}
