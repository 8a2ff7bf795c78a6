package io.winnow.lifecycle.registry;

import io.winnow.core.ErrorCode;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.core.application.Jobs.Keep;
import io.winnow.lifecycle.ReleaseManifest;
import io.winnow.lifecycle.ReleaseManifest.FileEntry;
import io.winnow.lifecycle.ReleaseStore;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Deletes the files of releases that nobody needs any more. Their rows stay in the registry, so
 * that the ledger and the parents of other releases can still be read.
 *
 * <p>Needed is: what the plan names (champion, previous, challenger, shadow), what an open rollout
 * names, what an experiment's arm serves, what this server has active, what was in force within the
 * window by the ledger, what was made or registered within the window, the newest few, and whatever
 * carries a tag {@code keep}. The parent of a needed release is not: a bundle holds everything that
 * serving it, or training on from it, takes.
 *
 * <p>Stateless over registry and store; several may run at once, on several servers.
 */
public final class Retention {
  /** A tag of this name keeps a release, whatever its value. */
  public static final String KEEP_TAG = "keep";

  /** A publication takes less from its first file to its manifest. */
  private static final Duration GRACE = Duration.ofDays(1);

  private final Registry registry;
  private final ReleaseStore store;
  private final Keep keep;
  private final TimeSource requestClock;
  private final TimeSource wallClock;

  /**
   * @param keep how many of the newest releases are needed, and how long what served
   * @param requestClock by which the ledger's window ends now
   * @param wallClock by which files are stamped
   */
  public Retention(
      Registry registry,
      ReleaseStore store,
      Keep keep,
      TimeSource requestClock,
      TimeSource wallClock) {
    this.registry = registry;
    this.store = store;
    this.keep = keep;
    this.requestClock = requestClock;
    this.wallClock = wallClock;
  }

  /**
   * What was, or would be, deleted.
   *
   * @param releases oldest first; those whose files were gone before are not among them, and those
   *     that were deleted before and cannot go yet come last
   * @param bytes that no other release has
   */
  public record Report(List<Judged> releases, long bytes) {
    /** Copies the list. */
    public Report {
      releases = List.copyOf(releases);
    }

    /** The releases that go. */
    public List<String> deleted() {
      return releases.stream()
          .filter(judged -> judged.needs().isEmpty())
          .map(Judged::version)
          .toList();
    }
  }

  /**
   * A release, and why it is needed.
   *
   * @param needs reasons; empty if it goes
   */
  public record Judged(String version, List<String> needs) {
    /** Copies the list. */
    public Judged {
      needs = List.copyOf(needs);
    }
  }

  /**
   * Says what {@link #apply} would delete, and deletes nothing.
   *
   * @param arms releases that experiments serve
   */
  public Report judge(Set<String> arms) {
    ReleaseSync.register(registry, store);
    List<RegisteredRelease> there =
        registry.releases().stream()
            .filter(release -> release.deletedMs() == 0)
            .sorted(
                Comparator.comparingLong((RegisteredRelease r) -> r.manifest().createdMs())
                    .thenComparing(r -> r.manifest().version()))
            .toList();
    Needs needs = new Needs(arms);
    List<Judged> judged = new ArrayList<>();
    for (int i = 0; i < there.size(); i++) {
      judged.add(
          new Judged(there.get(i).manifest().version(), needs.of(there.get(i), there.size() - i)));
    }
    return new Report(judged, bytes(there, judged));
  }

  /**
   * Deletes what is not needed; then the contents of files that no release has any more.
   *
   * @param arms releases that experiments serve
   * @throws WinnowException with {@code UNAVAILABLE} if registry or disk fail on the way: what was
   *     deleted until then is marked so, and the next run goes on
   */
  public Report apply(Set<String> arms) {
    Report report = judge(arms);
    List<Judged> done = new ArrayList<>();
    for (Judged judged : report.releases()) {
      done.add(judged.needs().isEmpty() ? delete(judged) : judged);
    }
    Set<String> judgedNow = new HashSet<>();
    done.forEach(judged -> judgedNow.add(judged.version()));
    for (RegisteredRelease release : registry.releases()) {
      String version = release.manifest().version();
      if (release.deletedMs() > 0 && !judgedNow.contains(version)) {
        // Marked before, here or by another server, but the files may have stayed.
        Judged judged = deleteFiles(new Judged(version, List.of()));
        if (!judged.needs().isEmpty()) {
          done.add(judged);
        }
      }
    }
    return new Report(done, store.collect(wallClock.nowMs(), GRACE));
  }

  private Judged delete(Judged judged) {
    try {
      registry.delete(judged.version()); // first: nobody may begin to serve it now
    } catch (WinnowException e) {
      if (e.code() == ErrorCode.CONFLICT) {
        return new Judged(judged.version(), List.of("needed meanwhile: " + e.getMessage()));
      }
      throw e;
    }
    return deleteFiles(judged);
  }

  /** One that this server still has active keeps its files, and does not keep the others'. */
  private Judged deleteFiles(Judged judged) {
    try {
      store.delete(judged.version());
      return judged;
    } catch (WinnowException e) {
      if (e.code() == ErrorCode.CONFLICT) {
        return new Judged(
            judged.version(), List.of("deleted, but its files stay here: " + e.getMessage()));
      }
      throw e;
    }
  }

  private static long bytes(List<RegisteredRelease> there, List<Judged> judged) {
    Set<FileEntry> kept = new HashSet<>();
    Set<FileEntry> gone = new HashSet<>();
    for (int i = 0; i < there.size(); i++) {
      ReleaseManifest manifest = there.get(i).manifest();
      (judged.get(i).needs().isEmpty() ? gone : kept).addAll(manifest.files().values());
    }
    gone.removeAll(kept);
    return gone.stream().mapToLong(FileEntry::bytes).sum();
  }

  /** What is needed as of one moment. */
  private final class Needs {
    private final ServingPlan plan = registry.plan();
    private final Set<String> arms;
    private final Set<String> onTrial = new HashSet<>();
    private final Set<String> served;
    private final String active = store.active().orElse("");
    private final long sinceMs = requestClock.nowMs() - keep.window().toMillis();

    Needs(Set<String> arms) {
      this.arms = arms;
      registry
          .openRollout()
          .ifPresent(open -> {
            onTrial.add(open.candidate());
            onTrial.add(open.champion());
          });
      this.served = registry.servedBetween(sinceMs, Long.MAX_VALUE);
    }

    /**
     * @param rank 1 for the newest
     */
    List<String> of(RegisteredRelease release, int rank) {
      String version = release.manifest().version();
      List<String> needs = new ArrayList<>(Aliases.of(plan, version));
      if (onTrial.contains(version)) {
        needs.add("open rollout");
      }
      if (arms.contains(version)) {
        needs.add("arm of an experiment");
      }
      if (version.equals(active)) {
        needs.add("active on this server");
      }
      if (release.tags().containsKey(KEEP_TAG)) {
        needs.add("tag " + KEEP_TAG);
      }
      if (served.contains(version)) {
        needs.add("served since " + Instant.ofEpochMilli(sinceMs));
      }
      if (Math.max(release.manifest().createdMs(), release.registeredMs()) >= sinceMs) {
        needs.add("made since " + Instant.ofEpochMilli(sinceMs));
      }
      if (rank <= keep.releases()) {
        needs.add("one of the newest " + keep.releases());
      }
      return needs;
    }
  }
}
