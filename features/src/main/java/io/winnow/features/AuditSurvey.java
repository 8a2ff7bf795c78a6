package io.winnow.features;

import io.winnow.core.Event;
import io.winnow.core.Impression;
import io.winnow.core.LogRecord;
import io.winnow.events.RecordSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * What an audit has to look at: which releases and schemas occur among the impressions of a log,
 * how many users they were shown to, and where the newest ones begin.
 *
 * <p>Memory: a sketch for each schema, at most {@value #MAX_ORIGINS} releases, and 20 bytes for
 * each of the newest impressions where these are bounded by number. Not thread-safe.
 */
final class AuditSurvey implements RecordSource.Visitor {
  /** Most pairs of a release and a schema. */
  static final int MAX_ORIGINS = 1024;

  private final LinkedHashMap<Origin, Long> counts = new LinkedHashMap<>();
  private final Map<Long, Users> users = new HashMap<>();
  private final Newest newest;
  private long withoutValues;
  private long beyondReleases;

  /**
   * Where the values of an impression come from.
   *
   * @param release that answered
   * @param schemaHash of the features
   */
  record Origin(String release, long schemaHash) {}

  /**
   * A survey.
   *
   * @param last how many of the newest impressions with values count; 0 for all
   */
  AuditSurvey(int last) {
    this.newest = new Newest(last);
  }

  /**
   * How many users there are, from the least hashes that occur, and where their impressions end.
   */
  private static final class Users {
    private static final int KEPT = 1024;

    private final TreeSet<Long> least = new TreeSet<>();
    private long endOffset;

    void add(long hash) {
      if (least.size() < KEPT || hash < least.last()) {
        least.add(hash);
        if (least.size() > KEPT) {
          least.pollLast();
        }
      }
    }

    /** Off by 3 % (standard error) where there are many, exact where there are few. */
    double estimate() {
      return least.size() < KEPT
          ? least.size()
          : (KEPT - 1) / ((least.last() + 1.0) / Long.MAX_VALUE);
    }
  }

  /** A ring of the newest impressions. */
  private static final class Newest {
    private final long[] offsets;
    private final long[] hashes;
    private final List<Origin> origins = new ArrayList<>();
    private int size;
    private int next;

    Newest(int capacity) {
      offsets = new long[capacity];
      hashes = new long[capacity];
    }
  }

  @Override
  public void visit(long offset, LogRecord record) {
    if (!(record instanceof LogRecord.Happened(Event event)) || event.impression() == null) {
      return;
    }
    Impression impression = event.impression();
    if (impression.features().length == 0) {
      withoutValues++;
      return;
    }
    Origin origin = new Origin(impression.provenance().release(), impression.schemaHash());
    if (!counts.containsKey(origin) && counts.size() >= MAX_ORIGINS) {
      beyondReleases++;
      return;
    }
    counts.merge(origin, 1L, Long::sum);
    Users of = users.computeIfAbsent(origin.schemaHash(), _ -> new Users());
    long hash = SampledUsers.hash(event.user());
    of.add(hash);
    of.endOffset = offset + 1;
    if (newest.offsets.length > 0) {
      remember(offset, hash, origin);
    }
  }

  private void remember(long offset, long hash, Origin origin) {
    int place = newest.next;
    if (newest.size == newest.offsets.length) {
      Origin pushedOut = newest.origins.set(place, origin);
      counts.merge(pushedOut, -1L, Long::sum);
    } else {
      newest.origins.add(origin);
      newest.size++;
    }
    newest.offsets[place] = offset;
    newest.hashes[place] = hash;
    newest.next = (place + 1) % newest.offsets.length;
  }

  /** How many impressions carry no values. */
  long withoutValues() {
    return withoutValues;
  }

  /** How many impressions are of releases beyond {@value #MAX_ORIGINS}. */
  long beyondReleases() {
    return beyondReleases;
  }

  /**
   * How many impressions there are of each release and schema, those that do not count left out.
   */
  Map<Origin, Long> origins() {
    return counts;
  }

  /** The same releases and schemas, those that appeared last first. */
  Set<Origin> newestOrigins() {
    return counts.sequencedKeySet().reversed();
  }

  /** The offset of the first impression that counts. */
  long fromOffset() {
    if (newest.size == 0) {
      return 0;
    }
    return newest.size < newest.offsets.length ? newest.offsets[0] : newest.offsets[newest.next];
  }

  /** The offset behind the last impression of a schema. */
  long endOffset(long schemaHash) {
    Users of = users.get(schemaHash);
    return of == null ? 0 : of.endOffset;
  }

  /**
   * Cuts the users who were shown impressions of a schema into parts of about the same size.
   *
   * @param usersMax users of a part: at most where the impressions are bounded by number, about
   *     otherwise
   */
  List<PartOfUsers> parts(long schemaHash, int usersMax) {
    if (newest.offsets.length > 0) {
      return exactParts(schemaHash, usersMax);
    }
    Users of = users.get(schemaHash);
    int count = of == null ? 0 : (int) Math.ceil(of.estimate() / usersMax);
    List<PartOfUsers> parts = new ArrayList<>();
    long width = count == 0 ? 0 : Long.MAX_VALUE / count;
    for (int part = 0; part < count; part++) {
      parts.add(
          new PartOfUsers(
              part * width, part == count - 1 ? Long.MAX_VALUE : (part + 1) * width, null));
    }
    return parts;
  }

  private List<PartOfUsers> exactParts(long schemaHash, int usersMax) {
    long[] hashes = new long[newest.size];
    int size = 0;
    for (int i = 0; i < newest.size; i++) {
      if (newest.origins.get(i).schemaHash() == schemaHash) {
        hashes[size++] = newest.hashes[i];
      }
    }
    long[] members = Arrays.stream(hashes, 0, size).sorted().distinct().toArray();
    List<PartOfUsers> parts = new ArrayList<>();
    for (int from = 0; from < members.length; from += usersMax) {
      parts.add(
          new PartOfUsers(
              0,
              Long.MAX_VALUE,
              Arrays.copyOfRange(members, from, Math.min(members.length, from + usersMax))));
    }
    return parts;
  }
}
