package io.winnow.simulator;

import io.winnow.simulator.ClickTruth.Asking;
import io.winnow.simulator.ClickTruth.Facts;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.random.RandomGenerator;

/** Writes a {@link ClickLog}: who comes when, what the older system shows, what comes of it. */
final class ClickLogWriter {
  private static final double DAY_MS = 86_400_000.0;
  private static final double LOG_DAYS = 30;
  private static final double OLDEST_DAYS = 60;
  private static final int WIDTH = 8;
  private static final int VIDEOS_PER_CREATOR = 8;
  private static final double DISMISS = 0.03;
  private static final int TRIES = 20;

  /** The share of slates that go to one of the users of the {@value #RECENT} slates before. */
  private static final double STAYS = 0.5;

  private static final int RECENT = 50;

  private final ClickLog.Config config;
  private final ClickTruth truth;
  private final Catalogue catalogue;
  private final Person[] people;
  private final RandomGenerator random;
  private final ClickLog.Rows rows;
  private final ClickLog.Slates slates;
  private int[] historyItems = new int[1024];
  private byte[] historyTypes = new byte[1024];
  private float[] historyAges = new float[1024];
  private final int[] historyOffsets;

  ClickLogWriter(ClickLog.Config config) {
    this.config = config;
    this.truth = new ClickTruth(config.seed());
    this.catalogue = new Catalogue(config);
    this.random = config.seed().generator("click-log");
    this.people = new Person[config.users()];
    for (int u = 0; u < people.length; u++) {
      people[u] = new Person(random, catalogue);
    }
    int n = Math.multiplyExact(config.slates(), config.slateSize());
    int s = config.slates();
    this.rows =
        new ClickLog.Rows(
            new int[n],
            new int[n],
            new float[Math.multiplyExact(n, ClickLog.FEATURES.size())],
            new float[n * 2],
            new float[n],
            new float[n]);
    this.historyOffsets = new int[s + 1];
    this.slates =
        new ClickLog.Slates(
            new int[s + 1],
            new int[s],
            new long[s],
            new boolean[s],
            new ClickLog.Histories(historyOffsets, new int[0], new byte[0], new float[0]));
  }

  ClickLog write() {
    double[] activity = new double[people.length];
    double sum = 0;
    for (int u = 0; u < people.length; u++) {
      sum += people[u].activity;
      activity[u] = sum;
    }
    double gapMs = LOG_DAYS * DAY_MS / config.slates();
    double timeMs = 0;
    for (int s = 0; s < config.slates(); s++) {
      timeMs += -gapMs * StrictMath.log(1 - random.nextDouble());
      int drawn = Arrays.binarySearch(activity, random.nextDouble() * sum);
      int user = Math.min(people.length - 1, drawn < 0 ? -drawn - 1 : drawn);
      if (s > RECENT && random.nextDouble() < STAYS) {
        user = slates.users()[s - 1 - random.nextInt(RECENT)];
      }
      slate(s, user, (long) timeMs);
    }
    int events = historyOffsets[config.slates()];
    ClickLog.Histories histories =
        new ClickLog.Histories(
            historyOffsets,
            Arrays.copyOf(historyItems, events),
            Arrays.copyOf(historyTypes, events),
            Arrays.copyOf(historyAges, events));
    return new ClickLog(
        rows,
        new ClickLog.Slates(
            slates.offsets(), slates.users(), slates.timesMs(), slates.shuffled(), histories),
        new ClickLog.Items(WIDTH, catalogue.vectors, catalogue.genres, catalogue.creators));
  }

  private void slate(int s, int user, long timeMs) {
    Person person = people[user];
    Asking asking = asking(person, timeMs);
    boolean shuffled = random.nextDouble() < config.shuffledShare();
    int[] items = fill(person, timeMs);
    if (shuffled) {
      shuffle(items);
    }
    slates.users()[s] = user;
    slates.timesMs()[s] = timeMs;
    slates.shuffled()[s] = shuffled;
    slates.offsets()[s + 1] = slates.offsets()[s] + items.length;
    keepHistory(s, person, timeMs);
    List<Event> news = new ArrayList<>();
    for (int place = 0; place < items.length; place++) {
      int row = slates.offsets()[s] + place;
      int item = items[place];
      Facts facts = catalogue.facts(item, timeMs);
      double drive = 0;
      int creatorClicks = 0;
      for (int j = historyOffsets[s]; j < historyOffsets[s + 1]; j++) {
        drive +=
            ClickTruth.pull(
                historyTypes[j], historyAges[j], catalogue.cosine(item, historyItems[j]));
        if (catalogue.creators[item] == catalogue.creators[historyItems[j]]
            && ClickTruth.tires(historyTypes[j], historyAges[j])) {
          creatorClicks++;
        }
      }
      double click = truth.click(asking, facts, drive, creatorClicks);
      double longView = truth.longView(facts, drive);
      rows.items()[row] = item;
      rows.places()[row] = place;
      rows.clickIfSeen()[row] = (float) click;
      rows.longIfClicked()[row] = (float) longView;
      describe(row, asking, facts);
      boolean seen = random.nextDouble() < ClickLog.seen(place);
      double luck = random.nextDouble();
      double patience = random.nextDouble();
      if (seen && luck < click) {
        rows.outcomes()[row * 2] = 1;
        boolean lasts = patience < longView;
        rows.outcomes()[row * 2 + 1] = lasts ? 1 : 0;
        news.add(new Event(item, lasts ? ClickTruth.LONG_VIEW : ClickTruth.CLICK, timeMs));
      } else if (seen && patience < DISMISS) {
        news.add(new Event(item, ClickTruth.DISMISS, timeMs));
      }
    }
    news.forEach(person::did);
  }

  private record Event(int item, int type, long timeMs) {}

  private Asking asking(Person person, long timeMs) {
    double hour = timeMs / DAY_MS % 1 * 24;
    int dayPart = (int) (hour / 6);
    double u = random.nextDouble();
    int device = u < 0.6 ? person.device : (int) ((u - 0.6) / 0.4 * ClickTruth.DEVICES.size());
    return new Asking(person.ageGroup, person.subscriber, device, dayPart);
  }

  /** What the older system shows, in its order: by rating, source and chance. */
  private int[] fill(Person person, long timeMs) {
    int n = config.slateSize();
    int[] items = new int[n];
    double[] scores = new double[n];
    int size = 0;
    while (size < n) {
      double source = random.nextDouble();
      int item = -1;
      if (source < 0.4 && person.events > 0) {
        int like = person.items[random.nextInt(person.events)];
        item = source < 0.2 ? catalogue.ofCreator(like, random) : catalogue.ofGenre(like, random);
      }
      for (int i = 0; i < TRIES && (item < 0 || catalogue.publishedMs[item] > timeMs); i++) {
        item = random.nextInt(catalogue.size());
      }
      boolean twice = catalogue.publishedMs[item] > timeMs;
      for (int i = 0; i < size; i++) {
        twice |= items[i] == item;
      }
      if (!twice) {
        items[size] = item;
        scores[size++] = catalogue.ratings[item] + (source < 0.4 ? 0.7 : 0) + random.nextGaussian();
      }
    }
    Integer[] order = new Integer[n];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, (a, b) -> Double.compare(scores[b], scores[a]));
    int[] sorted = new int[n];
    Arrays.setAll(sorted, i -> items[order[i]]);
    return sorted;
  }

  private void shuffle(int[] items) {
    for (int i = items.length - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int swapped = items[i];
      items[i] = items[j];
      items[j] = swapped;
    }
  }

  private void keepHistory(int s, Person person, long timeMs) {
    int at = historyOffsets[s];
    int end = at + person.events;
    if (end > historyItems.length) {
      int length = Math.max(end, historyItems.length * 2);
      historyItems = Arrays.copyOf(historyItems, length);
      historyTypes = Arrays.copyOf(historyTypes, length);
      historyAges = Arrays.copyOf(historyAges, length);
    }
    for (int i = 0; i < person.events; i++) {
      historyItems[at + i] = person.items[i];
      historyTypes[at + i] = person.types[i];
      historyAges[at + i] = (timeMs - person.timesMs[i]) / 1000f;
    }
    historyOffsets[s + 1] = end;
  }

  private void describe(int row, Asking asking, Facts facts) {
    float[] x = rows.features();
    int at = row * ClickLog.FEATURES.size();
    x[at + asking.ageGroup()] = 1;
    at += ClickTruth.AGE_GROUPS.size();
    x[at++] = asking.subscriber() ? 1 : 0;
    x[at + asking.device()] = 1;
    at += ClickTruth.DEVICES.size();
    x[at + asking.dayPart()] = 1;
    at += ClickTruth.DAY_PARTS.size();
    x[at + facts.genre()] = 1;
    at += ClickTruth.GENRES.size();
    x[at++] = (float) StrictMath.exp(facts.logSeconds());
    x[at++] = (float) facts.rating();
    x[at] = (float) facts.ageDays();
  }

  /** A user: lasting traits, and the newest events, oldest first. */
  private static final class Person {
    private final double activity;
    private final int ageGroup;
    private final boolean subscriber;
    private final int device;
    private final int[] items = new int[ClickLog.HISTORY];
    private final byte[] types = new byte[ClickLog.HISTORY];
    private final long[] timesMs = new long[ClickLog.HISTORY];
    private int events;

    /** Comes with up to six clicks on videos of two creators. */
    Person(RandomGenerator random, Catalogue catalogue) {
      activity = StrictMath.exp(0.8 * random.nextGaussian());
      ageGroup = random.nextInt(ClickTruth.AGE_GROUPS.size());
      subscriber = random.nextDouble() < 0.3;
      device = random.nextInt(ClickTruth.DEVICES.size());
      List<Event> before = new ArrayList<>();
      for (int favourite = 0; favourite < 2; favourite++) {
        int like = random.nextInt(catalogue.size());
        for (int i = 1 + random.nextInt(3); i > 0; i--) {
          int item = catalogue.ofCreator(like, random);
          long timeMs = -(long) (OLDEST_DAYS / 2 * DAY_MS * random.nextDouble());
          if (catalogue.publishedMs[item] <= timeMs) {
            before.add(new Event(item, ClickTruth.CLICK, timeMs));
          }
        }
      }
      before.sort(Comparator.comparingLong(Event::timeMs));
      before.forEach(this::did);
    }

    void did(Event event) {
      if (events == ClickLog.HISTORY) {
        System.arraycopy(items, 1, items, 0, events - 1);
        System.arraycopy(types, 1, types, 0, events - 1);
        System.arraycopy(timesMs, 1, timesMs, 0, events - 1);
        events--;
      }
      items[events] = event.item();
      types[events] = (byte) event.type();
      timesMs[events++] = event.timeMs();
    }
  }

  /** What there is. */
  private static final class Catalogue {
    private final int[] genres;
    private final int[] creators;
    private final float[] vectors;
    private final double[] logSeconds;
    private final double[] ratings;
    private final long[] publishedMs;
    private final int[][] byCreator;
    private final int[][] byGenre;

    Catalogue(ClickLog.Config config) {
      RandomGenerator random = config.seed().generator("catalogue");
      int n = config.items();
      int creatorCount = Math.max(1, n / VIDEOS_PER_CREATOR);
      double[][] centres = gaussians(ClickTruth.GENRES.size(), 1, random);
      double[][] styles = gaussians(creatorCount, 0.6, random);
      int[] home = new int[creatorCount];
      Arrays.setAll(home, c -> random.nextInt(ClickTruth.GENRES.size()));
      genres = new int[n];
      creators = new int[n];
      vectors = new float[n * WIDTH];
      logSeconds = new double[n];
      ratings = new double[n];
      publishedMs = new long[n];
      for (int i = 0; i < n; i++) {
        creators[i] = random.nextInt(creatorCount);
        genres[i] = home[creators[i]];
        double[] vector = new double[WIDTH];
        double squares = 0;
        for (int e = 0; e < WIDTH; e++) {
          vector[e] = centres[genres[i]][e] + styles[creators[i]][e] + 0.3 * random.nextGaussian();
          squares += vector[e] * vector[e];
        }
        for (int e = 0; e < WIDTH; e++) {
          vectors[i * WIDTH + e] = (float) (vector[e] / StrictMath.sqrt(squares));
        }
        logSeconds[i] = 5.2 + 1.1 * random.nextGaussian();
        ratings[i] = random.nextGaussian();
        // Enough for a slate are there from the beginning.
        double days = (OLDEST_DAYS + LOG_DAYS) * random.nextDouble() - OLDEST_DAYS;
        publishedMs[i] = (long) ((i < 2 * config.slateSize() ? -OLDEST_DAYS : days) * DAY_MS);
      }
      byCreator = groups(creators, creatorCount);
      byGenre = groups(genres, ClickTruth.GENRES.size());
    }

    private static double[][] gaussians(int rows, double deviation, RandomGenerator random) {
      double[][] values = new double[rows][WIDTH];
      for (double[] row : values) {
        Arrays.setAll(row, _ -> deviation * random.nextGaussian());
      }
      return values;
    }

    private static int[][] groups(int[] of, int count) {
      List<List<Integer>> members = new ArrayList<>();
      for (int g = 0; g < count; g++) {
        members.add(new ArrayList<>());
      }
      for (int i = 0; i < of.length; i++) {
        members.get(of[i]).add(i);
      }
      return members.stream()
          .map(list -> list.stream().mapToInt(Integer::intValue).toArray())
          .toArray(int[][]::new);
    }

    int size() {
      return genres.length;
    }

    int ofCreator(int like, RandomGenerator random) {
      int[] same = byCreator[creators[like]];
      return same[random.nextInt(same.length)];
    }

    int ofGenre(int like, RandomGenerator random) {
      int[] same = byGenre[genres[like]];
      return same[random.nextInt(same.length)];
    }

    Facts facts(int item, long timeMs) {
      return new Facts(
          genres[item],
          logSeconds[item],
          ratings[item],
          Math.max(0, timeMs - publishedMs[item]) / DAY_MS);
    }

    double cosine(int a, int b) {
      double dot = 0;
      for (int e = 0; e < WIDTH; e++) {
        dot += (double) vectors[a * WIDTH + e] * vectors[b * WIDTH + e];
      }
      return dot;
    }
  }
}
