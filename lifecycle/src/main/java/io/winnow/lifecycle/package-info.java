@NullMarked
package io.winnow.lifecycle;

import org.jspecify.annotations.NullMarked;
