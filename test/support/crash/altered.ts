/** The same object, some methods of which are others. */
export function altered<T extends object>(target: T, changes: Partial<T>): T {
  return new Proxy(target, {
    get(object, name) {
      if (name in changes) return Reflect.get(changes, name);
      const value = Reflect.get(object, name);
      return typeof value === 'function' ? value.bind(object) : value;
    },
  });
}
