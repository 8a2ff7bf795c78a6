package io.winnow.simulator;

import java.util.List;

/**
 * The words of the world: its categories, their topics, and what creators and videos are called.
 */
final class Names {
  /** As many different creators' names as there are. */
  static final int MAX_CREATORS = 400;

  private static final List<String> FIRST =
      List.of(
          "Mira", "Jonas", "Aiko", "Tomás", "Lena", "Idris", "Freya", "Mateo", "Priya", "Oskar",
          "Nadia", "Felix", "Zuri", "Henrik", "Camila", "Yusuf", "Greta", "Rafael", "Hana",
          "Elias");
  private static final List<String> LAST =
      List.of(
          "Holt",
          "Vargas",
          "Lindqvist",
          "Okafor",
          "Tanaka",
          "Moreau",
          "Keller",
          "Rossi",
          "Novak",
          "Bergström",
          "Adeyemi",
          "Castillo",
          "Petrov",
          "Haddad",
          "Nakamura",
          "Silva",
          "Brandt",
          "Mehta",
          "Larsen",
          "Dubois");

  /** What a video does with its subject. */
  private static final List<String> ANGLES =
      List.of(
          "at dawn",
          "in ten minutes",
          "the hard way",
          "for beginners",
          "after midnight",
          "on a budget",
          "step by step",
          "gone wrong",
          "without the myths",
          "up close",
          "from scratch",
          "in slow motion");

  /**
   * The categories, most loved first.
   *
   * @see Category
   */
  static final List<Category> CATEGORIES =
      List.of(
          category(
              "comedy",
              90,
              0,
              "Office sketches|Deadpan dispatches",
              "Stand-up nights|Crowd work",
              "Pet disasters|Cats versus gravity",
              "Parody ads|Fake trailers"),
          category(
              "cooking",
              240,
              0,
              "Sourdough|Rye bread",
              "Street food|Night market bites",
              "Layer cakes|Chocolate work",
              "Weeknight curries|One-pan dinners"),
          category(
              "news",
              120,
              1,
              "City council|Local votes",
              "Markets|Rates and prices",
              "Climate reports|Storm watch",
              "Tech briefings|Chips and antitrust"),
          category(
              "gaming",
              420,
              20,
              "Speedruns|Glitch hunting",
              "Cosy farming|Pixel gardens",
              "Chess endgames|Blitz openings",
              "Retro consoles|Cartridge repairs"),
          category(
              "music",
              200,
              0,
              "Jazz piano|Late-night trios",
              "Bedroom synths|Tape loops",
              "Folk guitar|Fingerpicking",
              "Choir arrangements|Four-part covers"),
          category(
              "sport",
              180,
              2,
              "Match highlights|Last-minute goals",
              "Trail running|Ridge races",
              "Climbing|Boulder problems",
              "Track cycling|Sprint finals"),
          category(
              "science",
              360,
              0,
              "Black holes|Neutron stars",
              "Deep-sea life|Glowing squid",
              "Number theory|Primes",
              "Kitchen chemistry|Crystals"),
          category(
              "travel",
              300,
              0,
              "Night trains|Sleeper cars",
              "Mountain huts|High passes",
              "Island ferries|Harbour towns",
              "Desert roads|Oasis stops"),
          category(
              "craft",
              270,
              0,
              "Hand-cut joinery|Dovetails",
              "Stoneware|Glaze tests",
              "Knitting|Cable patterns",
              "Bookbinding|Leather spines"),
          category(
              "film",
              480,
              8,
              "Noir endings|Shadow play",
              "Stop motion|Clay faces",
              "Sound design|Foley tricks",
              "First features|Festival finds"));

  /** Topics of each category. */
  static final int TOPICS_PER_CATEGORY = 4;

  /** Topics of all categories; topic t belongs to category {@code t / TOPICS_PER_CATEGORY}. */
  static final int TOPICS = CATEGORIES.size() * TOPICS_PER_CATEGORY;

  private Names() {}

  /** The category of a topic. */
  static int categoryOf(int topic) {
    return topic / TOPICS_PER_CATEGORY;
  }

  /** A creator's name, different for each number below {@link #MAX_CREATORS}. */
  static String creator(int number) {
    // Each step of 20 shifts the pairing, so that neighbours share neither name.
    return FIRST.get(number % 20) + " " + LAST.get((number + number / 20) % 20);
  }

  /** What a video or series about a topic is called, such as {@code Sourdough at dawn}. */
  static String subject(int topic, long choice) {
    List<String> subjects =
        CATEGORIES.get(categoryOf(topic)).subjects().get(topic % TOPICS_PER_CATEGORY);
    int subject = (int) Long.remainderUnsigned(choice, subjects.size());
    int angle =
        (int) Long.remainderUnsigned(Long.divideUnsigned(choice, subjects.size()), ANGLES.size());
    return subjects.get(subject) + " " + ANGLES.get(angle);
  }

  private static Category category(
      String name, int seconds, int freshDays, String... subjectsOfTopics) {
    return new Category(
        name,
        seconds,
        freshDays,
        List.of(subjectsOfTopics).stream().map(text -> List.of(text.split("\\|"))).toList());
  }

  /**
   * A category.
   *
   * @param seconds the median duration of its videos
   * @param freshDays days after which a video has lost two thirds of its freshness; 0 if it keeps
   * @param subjects by topic
   */
  record Category(String name, int seconds, int freshDays, List<List<String>> subjects) {}
}
